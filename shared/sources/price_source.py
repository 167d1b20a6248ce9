"""Daily ETH/USD closes over HTTP: candles of an exchange, or a CSV or JSON file; docs/market.md shows the formats.

If the URL has `{start}` and `{end}` (days such as `2024-01-31`, both inclusive), a request covers at most 300 days.
"""

import io
import json
import math
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx
import polars as pl
import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from shared.errors import InvalidInputError, TransientError
from shared.market.reference_data import ETH_USD_SCHEMA, validate_eth_usd
from shared.settings import COINBASE

log = structlog.get_logger(__name__)

_UNREADABLE: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    OSError,
    pl.exceptions.PolarsError,
)
FIRST_DAY: Final = date(2017, 5, 1)
"""Some weeks before the contract, for features of the first days that need earlier closes."""
_DAYS_AT_ONCE: Final = 300
_CANDLE_CLOSE: Final = 4
"""Position of the close in a candle of Coinbase and of Kraken."""


class PricesUnavailableError(TransientError):
    """The server gave no closes."""


class PriceSource:
    """Closes from `url`. The caller closes it."""

    def __init__(
        self,
        url: str = COINBASE,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        tries: int = 4,
        pause_s: float = 0.5,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        try:
            self._host = f"ETH/USD of {httpx.URL(url.partition('?')[0]).host}"
        except httpx.InvalidURL as error:
            raise InvalidInputError(f"PUNKCAST_PRICE_URL: {error}") from error
        self._url = url
        self._client = httpx.AsyncClient(
            timeout=20.0, transport=transport, follow_redirects=True, headers={"User-Agent": "punkcast"}
        )
        options: dict[str, Any] = {} if sleep is None else {"sleep": sleep}
        self._retrying = AsyncRetrying(
            stop=stop_after_attempt(tries),
            wait=wait_random_exponential(multiplier=pause_s, max=10.0),
            retry=retry_if_exception_type(PricesUnavailableError),
            reraise=True,
            **options,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def closes(self, after: date | None, until: date) -> pl.DataFrame:
        """Available closes (`ETH_USD_SCHEMA`) of the days after `after` (None: all days) up to and including `until`.

        `until` must be a day that has ended, because today's candle has no close yet.

        Raises:
            PricesUnavailableError: the server does not answer.
            InvalidInputError: the answer has an unknown format, or a close breaks a rule.
        """
        first = FIRST_DAY if after is None else after + timedelta(days=1)
        closes: dict[date, float] = {}
        for begin, end in self._pieces(first, until):
            url = self._url.replace("{start}", begin.isoformat()).replace("{end}", end.isoformat())
            closes |= parse_closes(await self._retrying(self._get, url), self._host)
        days = sorted(day for day in closes if first <= day <= until)
        frame = pl.DataFrame({"date": days, "eth_usd": [closes[day] for day in days]}, schema=ETH_USD_SCHEMA)
        return validate_eth_usd(frame, self._host)

    def _pieces(self, first: date, until: date) -> Iterator[tuple[date, date]]:
        days = _DAYS_AT_ONCE if "{start}" in self._url else max((until - first).days + 1, 1)
        while first <= until:
            end = min(first + timedelta(days=days - 1), until)
            yield first, end
            first = end + timedelta(days=1)

    async def _get(self, url: str) -> str:
        try:
            response = await self._client.get(url)
        except httpx.HTTPError as error:
            raise PricesUnavailableError(f"{self._host}: {type(error).__name__}: {error}") from error
        if response.status_code == 429 or response.status_code >= 500:
            raise PricesUnavailableError(f"{self._host}: HTTP {response.status_code}")
        if response.status_code != 200:
            raise InvalidInputError(f"{self._host}: HTTP {response.status_code}; is PUNKCAST_PRICE_URL right?")
        return response.text


def parse_closes(body: str, where: str) -> dict[date, float]:
    """The closes by day, in any of the formats. A day whose row has no usable close is left out.

    Raises:
        InvalidInputError: an unknown format, or no usable row; `where` names the server.
    """
    closes: dict[date, float] = {}
    broken: list[Exception] = []
    try:
        rows = _rows(body)
    except _UNREADABLE as error:
        raise _unknown_format(where, error) from error
    for row in rows:
        try:
            day, close = _row(row) if isinstance(row, dict) else (_day(row[0]), float(row[_CANDLE_CLOSE]))
            if not 0 < close < math.inf:
                raise ValueError(f"{day} must be a price above zero, not {close}")
            closes[day] = close
        except _UNREADABLE as error:
            broken.append(error)
    if broken and not closes:
        raise _unknown_format(where, broken[0]) from broken[0]
    if broken:
        log.warning("prices.unusable_rows", source=where, rows=len(broken), first=str(broken[0]))
    return closes


def _unknown_format(where: str, error: Exception) -> InvalidInputError:
    return InvalidInputError(
        f"{where}: neither candles nor rows of date and eth_usd ({type(error).__name__}: {str(error)[:80]}); "
        "docs/market.md shows the formats for PUNKCAST_PRICE_URL"
    )


def _rows(body: str) -> list[Any]:
    if body.lstrip()[:1] not in ("[", "{"):
        table = pl.read_csv(io.StringIO(body), infer_schema=False)
        if not {"date", "eth_usd"} <= set(table.columns) and not {"date", "close"} <= set(table.columns):
            raise ValueError("no columns date and eth_usd")
        return table.rows(named=True)
    rows = json.loads(body)
    if isinstance(rows, dict):
        if rows.get("error"):
            raise ValueError(f"the server answers {rows['error']}")
        [rows] = [value for value in rows["result"].values() if isinstance(value, list)]
    if not isinstance(rows, list):
        raise TypeError("no list of rows")
    return rows


def _row(row: dict[str, Any]) -> tuple[date, float]:
    return date.fromisoformat(row["date"]), float(row["eth_usd"] if "eth_usd" in row else row["close"])


def _day(seconds: Any) -> date:
    return datetime.fromtimestamp(int(seconds), UTC).date()
