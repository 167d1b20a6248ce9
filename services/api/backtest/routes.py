"""The strategies against passive books, as the backtester last computed them."""

import json
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from services.api.backtest import queries
from services.api.backtest.schemas import (
    Assumptions,
    BacktestDocument,
    BacktestTradePage,
    Book,
    BookName,
    EquityCurve,
    EquityDocument,
    Versus,
)
from services.api.gateway import gateway_of
from services.api.money import money
from services.api.paging import Cursor, Limit, Place, ordinal
from services.api.problems import GoneError, documented
from services.api.responses import fresh_or_stale
from services.api.stale_cache import CachedAnswer
from shared.database.pool import Connection
from shared.errors import InvalidInputError, NotFoundError

router = APIRouter(tags=["record"])

BOOKS: tuple[BookName, ...] = ("executable", "seed_style", "buy_all", "random_entry", "floor_index")
DESCRIPTIONS: dict[BookName, str] = {
    "executable": "Buys a public ask that is below the published value by the margin, one nowcast later if the ask is "
    "still there. Pays gas, and limits its capital and each position. Sells at the punk's next valid sale.",
    "seed_style": "Buys at every valid sale below the value published before it, without costs or limits. Sells at the "
    "punk's next valid sale.",
    "buy_all": "Passive: buys at every valid sale with a value published before it, whatever the price.",
    "random_entry": "Passive: for each purchase of the strategy, buys at one of the next ten valid sales, chosen at "
    "random, with the same costs and limits.",
    "floor_index": "Passive: buys as many floor punks on the first day as the capital allows, without costs.",
}
_UNCOUNTED = {"total_return_difference": {"value": None, "lo": None, "hi": None}}
CACHE_CONTROL = "public, max-age=60, stale-if-error=86400"


@router.get(
    "/v1/backtest",
    operation_id="get_backtest",
    summary="The strategies against passive books on the forward record",
    response_class=Response,
    responses={200: {"model": BacktestDocument}, **documented(404, 503)},
)
async def get_backtest(request: Request) -> Response:
    """The newest backtest: figures of every book with 90 % intervals. It is recomputed once a day."""
    gateway = gateway_of(request)

    async def current(known: CachedAnswer | None) -> CachedAnswer:
        async with gateway.reading() as connection:
            newest = str(await _newest_id(connection))
            return known if known is not None and known.fingerprint == newest else await _read(connection)

    answer, response = await fresh_or_stale(gateway, "backtest", current, cache_control=CACHE_CONTROL)
    response.headers["Punkcast-Age-Seconds"] = str(gateway.current.age_seconds(answer.at))
    return response


@router.get("/v1/backtest/equity", operation_id="get_backtest_equity", responses=documented(404, 422, 503))
async def equity(
    request: Request,
    book: Annotated[list[BookName] | None, Query(description="Repeat it for several; default: all")] = None,
    start: Annotated[date | None, Query(description="First day")] = None,
    end: Annotated[date | None, Query(description="Last day, inclusive")] = None,
) -> EquityDocument:
    """Daily equity and growth of the newest backtest's books."""
    if start is not None and end is not None and start > end:
        raise InvalidInputError("start must not be after end.")
    wanted = [name for name in BOOKS if book is None or name in book]
    async with gateway_of(request).reading() as connection:
        backtest_id = await _newest_id(connection)
        found = await queries.days(connection, backtest_id, wanted, first=start, last=end)
    curves = [EquityCurve(book=name, points=points) for name, points in found.items()]
    return EquityDocument(backtest_id=str(backtest_id), curves=curves)


@router.get("/v1/backtest/trades", operation_id="list_backtest_trades", responses=documented(400, 404, 410, 422, 503))
async def trades(
    request: Request,
    book: Annotated[BookName, Query(description="floor_index has none")] = "executable",
    punk_id: Annotated[int | None, Query(ge=0, le=9999)] = None,
    open: Annotated[bool | None, Query(description="Only those open at the end, or only those closed")] = None,  # noqa: A002
    limit: Limit = 50,
    cursor: Cursor = None,
) -> BacktestTradePage:
    """A book's trades by time of purchase. Pages stay in the backtest they began with; 410 once it is gone."""
    gateway = gateway_of(request)
    scope = ("backtest-trades", book, str(punk_id), str(open))
    place = Place.asked(
        gateway, scope, cursor, limit, lambda backtest, trade: (UUID(backtest), ordinal(trade, bits=31))
    )
    async with gateway.reading() as connection:
        backtest_id, after = place.before or (await _newest_id(connection), 0)
        if not await queries.exists(connection, backtest_id):
            raise GoneError("That backtest has been replaced; start again without `cursor`.")
        rows = await queries.trades(
            connection, backtest_id, book=book, after=after, punk_id=punk_id, still_open=open, limit=place.fetch
        )
    shown, following = place.cut(rows, lambda row: (backtest_id, row.trade))
    return BacktestTradePage(backtest_id=str(backtest_id), items=list(shown), next_cursor=following)


async def _newest_id(connection: Connection) -> UUID:
    found = await queries.newest_id(connection)
    if found is None:
        raise NotFoundError(
            "No backtest has been computed yet: it follows the first nowcasts, once a day (tick `backtest`)."
        )
    return found


async def _read(connection: Connection) -> CachedAnswer:
    row = await queries.newest(connection)
    assert row is not None
    last = await queries.last_days(connection, row["backtest_id"])
    books = [
        Book(**stored, **last[stored["book"]], description=DESCRIPTIONS[stored["book"]])
        for stored in json.loads(row["books"])
    ]
    document = BacktestDocument(
        **{name: row[name] for name in ("computed_at", "first_day", "last_day", "generations", "sales")},
        backtest_id=str(row["backtest_id"]),
        # Not orjson, which reads integers of more than 64 bits as floats.
        assumptions=_assumptions(json.loads(row["terms"])),
        books=books,
        versus=[Versus(**(_UNCOUNTED | one)) for one in json.loads(row["versus"])],
    )
    return CachedAnswer(document.backtest_id, orjson.dumps(document.model_dump()), document.computed_at)


def _assumptions(terms: dict[str, Any]) -> Assumptions:
    return Assumptions(
        margin=terms["margin_bps"] / 10_000,
        latency_nowcasts=terms["latency"],
        buy_gas=money(terms["buy_gas_wei"]),
        sell_gas=money(terms["sell_gas_wei"]),
        sell_fee=terms["sell_fee_bps"] / 10_000,
        capital=money(terms["capital_wei"]),
        largest_position=terms["largest_bps"] / 10_000,
        seed=terms["seed"],
        block_days=terms["block_days"],
        resamples=terms["resamples"],
    )
