import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.errors import InvalidInputError
from shared.settings import COINBASE
from shared.sources.price_source import FIRST_DAY, PriceSource, PricesUnavailableError, parse_closes

DAYS = {date(2024, 1, 1): 2281.5, date(2024, 1, 2): 2352.0}
SECONDS = [int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in DAYS]
FORMS = {
    "coinbase": json.dumps([[SECONDS[1], 1, 2, 3, 2352.0, 9], [SECONDS[0], 1, 2, 3, 2281.5, 9]]),
    "kraken": json.dumps(
        {
            "error": [],
            "result": {
                "XETHZUSD": [[SECONDS[0], "1", "2", "3", "2281.5", "0", "9", 1], [SECONDS[1], "1", "2", "3", "2352.0"]],
                "last": SECONDS[1],
            },
        }
    ),
    "rows": json.dumps([{"date": "2024-01-01", "eth_usd": 2281.5}, {"date": "2024-01-02", "close": "2352"}]),
    "csv": "date,volume,eth_usd\n2024-01-01,5,2281.5\n2024-01-02,6,2352\n",
    "csv with close": "close,date\n2281.5,2024-01-01\n2352,2024-01-02\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_closes(form: str) -> None:
    assert parse_closes(FORMS[form], "here") == DAYS


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "{}",
        "[5]",
        "[[1]]",
        '[["x", 1, 2, 3, 4]]',
        '[{"day": 1}]',
        '[{"date": "2024-01-01"}]',
        '{"error": ["EQuery:Unknown asset pair"]}',
        '{"message": "NotFound"}',
        "date,price\n2024-01-01,5\n",
        "date,eth_usd\nyesterday,5\n",
        "[[1e300, 1, 2, 3, 4]]",
        "null",
    ],
)
def test_what_has_none_of_the_forms_is_refused(body: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^here: .*PUNKCAST_PRICE_URL"):
        parse_closes(body, "here")


class Exchange:
    """Answers with Coinbase's candles for each day asked, newest first; `failures` come before."""

    def __init__(self, *failures: httpx.Response) -> None:
        self.failures = list(failures)
        self.asked: list[tuple[date, date]] = []
        self.close = 1_000.0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.failures:
            return self.failures.pop(0)
        first, last = (date.fromisoformat(request.url.params[name][:10]) for name in ("start", "end"))
        self.asked.append((first, last))
        assert (last - first).days < 300, "the exchange refuses more"
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        epoch = date(1970, 1, 1)
        return httpx.Response(200, json=[[(day - epoch).days * 86_400, 1, 2, 3, self.close, 5] for day in days[::-1]])


Answer = Callable[[httpx.Request], Any]


@asynccontextmanager
async def source(answer: Answer, url: str = COINBASE) -> AsyncIterator[PriceSource]:
    async def at_once(_: float) -> None:
        pass

    prices = PriceSource(url, transport=httpx.MockTransport(answer), sleep=at_once)
    yield prices
    await prices.close()


async def test_history_is_asked_in_pieces_without_a_gap() -> None:
    async with source(exchange := Exchange()) as prices:
        closes = await prices.closes(None, date(2024, 5, 5))
    assert closes["date"].to_list() == [FIRST_DAY + timedelta(days=day) for day in range(closes.height)]
    assert closes["date"][-1] == date(2024, 5, 5)
    assert len(exchange.asked) == -(-closes.height // 300)


async def test_only_what_is_missing_is_asked_and_today_never_comes_in() -> None:
    async with source(exchange := Exchange()) as prices:
        closes = await prices.closes(date(2024, 1, 3), date(2024, 1, 5))
        assert closes["date"].to_list() == [date(2024, 1, 4), date(2024, 1, 5)]
        assert exchange.asked == [(date(2024, 1, 4), date(2024, 1, 5))]
        assert (await prices.closes(date(2024, 1, 5), date(2024, 1, 5))).is_empty()
        assert len(exchange.asked) == 1
    async with source(lambda _: httpx.Response(200, text=FORMS["csv"]), "http://host/eth.csv") as file:
        assert (await file.closes(None, date(2024, 1, 1)))["eth_usd"].to_list() == [2281.5]


async def test_an_outage_is_waited_out_and_a_long_one_said() -> None:
    async with source(Exchange(httpx.Response(503), httpx.Response(429))) as prices:
        assert (await prices.closes(date(2024, 1, 3), date(2024, 1, 5))).height == 2
    async with source(Exchange(*[httpx.Response(503)] * 4)) as prices:
        with pytest.raises(PricesUnavailableError, match=r"ETH/USD of api.exchange.coinbase.com: HTTP 503"):
            await prices.closes(None, date(2024, 1, 5))


def test_a_malformed_url_is_an_error_of_the_setting() -> None:
    with pytest.raises(InvalidInputError, match="PUNKCAST_PRICE_URL"):
        PriceSource("http://host:port/prices")


async def test_a_refusal_or_a_price_of_zero_is_an_error() -> None:
    async with source(Exchange(httpx.Response(404))) as prices:
        with pytest.raises(InvalidInputError, match="HTTP 404; is PUNKCAST_PRICE_URL right"):
            await prices.closes(None, date(2024, 1, 5))
    async with source(exchange := Exchange()) as prices:
        exchange.close = 0.0
        with pytest.raises(InvalidInputError, match="must be a price above zero"):
            await prices.closes(None, date(2017, 7, 5))


@pytest.mark.parametrize("unusable", [None, "n/a", 0, -1, [], {}])
async def test_each_day_stands_by_itself(unusable: object) -> None:
    rows = [{"date": f"2024-01-0{day}", "eth_usd": 2_000.0 + day} for day in range(1, 6)]
    rows[2]["eth_usd"] = unusable  # type: ignore[assignment]
    async with source(lambda _: httpx.Response(200, json=rows), "http://host/eth.json") as prices:
        closes = await prices.closes(None, date(2024, 1, 5))
    assert [day.day for day in closes["date"]] == [1, 2, 4, 5]
