"""Daily ETH/USD closes from an HTTP address: an exchange's candles, or a plain CSV or JSON file.

The address may contain `{start}` and `{end}`, days as `2024-01-31` (both inclusive); then it is asked in pieces of at
most 300 days. What may come back, told apart by its form:

| form | example |
|---|---|
| Coinbase candles | `[[1706659200, low, high, open, close, volume], …]`, in any order |
| Kraken OHLC | `{"error": [], "result": {"XETHZUSD": [[1706659200, "open", "high", "low", "close", …], …]}}` |
| JSON rows | `[{"date": "2024-01-31", "eth_usd": 2283.1}, …]`; `close` is read like `eth_usd` |
| CSV | a header with `date` and `eth_usd` (or `close`), one row per day |
"""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx
import polars as pl
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from shared.errors import InvalidInputError, TransientError
from shared.market.reference_data import ETH_USD_SCHEMA, validate_eth_usd
from shared.settings import COINBASE

FIRST_DAY: Final = date(2017, 5, 1)
"""Some weeks before the contract, for what looks back from its first days."""
_DAYS_AT_ONCE: Final = 300
_COINBASE_CLOSE: Final = 4
_KRAKEN_CLOSE: Final = 4


class PricesUnavailableError(TransientError):
    """The address gave no closes for now."""


class PriceSource:
    """Closes from `url`; close it when it is no longer needed."""

    def __init__(
        self,
        url: str = COINBASE,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        tries: int = 4,
        pause_s: float = 0.5,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self._url = url
        self._client = httpx.AsyncClient(
            timeout=20.0, transport=transport, follow_redirects=True, headers={"User-Agent": "punkcast"}
        )
        named: dict[str, Any] = {} if sleep is None else {"sleep": sleep}
        self._retrying = AsyncRetrying(
            stop=stop_after_attempt(tries),
            wait=wait_random_exponential(multiplier=pause_s, max=10.0),
            retry=retry_if_exception_type(PricesUnavailableError),
            reraise=True,
            **named,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def closes(self, after: date | None, until: date) -> pl.DataFrame:
        """Closes (`ETH_USD_SCHEMA`) of the days after `after` (None: from the beginning) to `until`, as far as known.

        `until` must be a day that has ended: a candle of today is no close yet.

        Raises:
            PricesUnavailableError: the address does not answer.
            InvalidInputError: its answer has none of the forms above, or a close breaks a rule.
        """
        first = FIRST_DAY if after is None else after + timedelta(days=1)
        found: dict[date, float] = {}
        for begin, end in self._pieces(first, until):
            url = self._url.replace("{start}", begin.isoformat()).replace("{end}", end.isoformat())
            found |= parse_closes(await self._retrying(self._get, url), self._host)
        days = sorted(day for day in found if first <= day <= until)
        frame = pl.DataFrame({"date": days, "eth_usd": [found[day] for day in days]}, schema=ETH_USD_SCHEMA)
        return validate_eth_usd(frame, self._host)

    @property
    def _host(self) -> str:
        return f"ETH/USD of {httpx.URL(self._url.partition('?')[0]).host}"

    def _pieces(self, first: date, until: date) -> Iterator[tuple[date, date]]:
        if first > until:
            return
        if "{start}" not in self._url:
            yield first, until
            return
        while first <= until:
            end = min(first + timedelta(days=_DAYS_AT_ONCE - 1), until)
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
    """The closes by day in any of the forms above.

    Raises:
        InvalidInputError: it has none of them; `where` names the address.
    """
    try:
        return dict(_rows(body))
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        pl.exceptions.PolarsError,
    ) as error:
        raise InvalidInputError(
            f"{where}: neither candles nor rows of date and eth_usd ({type(error).__name__}: {str(error)[:80]}); "
            "docs/market.md shows the forms that PUNKCAST_PRICE_URL may give"
        ) from error


def _rows(body: str) -> Iterator[tuple[date, float]]:
    if body.lstrip()[:1] not in ("[", "{"):
        table = pl.read_csv(io.StringIO(body), infer_schema=False)
        if not {"date", "eth_usd"} <= set(table.columns) and not {"date", "close"} <= set(table.columns):
            raise ValueError("no columns date and eth_usd")
        for row in table.iter_rows(named=True):
            yield _row(row)
        return
    found = json.loads(body)
    if isinstance(found, dict):
        if found.get("error"):
            raise ValueError(f"it answers {found['error']}")
        [candles] = [value for value in found["result"].values() if isinstance(value, list)]
        for candle in candles:
            yield _day(candle[0]), float(candle[_KRAKEN_CLOSE])
        return
    for one in found:
        yield _row(one) if isinstance(one, dict) else (_day(one[0]), float(one[_COINBASE_CLOSE]))


def _row(row: dict[str, Any]) -> tuple[date, float]:
    return date.fromisoformat(row["date"]), float(row["eth_usd"] if "eth_usd" in row else row["close"])


def _day(seconds: Any) -> date:
    return datetime.fromtimestamp(int(seconds), UTC).date()
