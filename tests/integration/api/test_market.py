"""Bids, depth, series, traits, deals, history: from real rows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.compat.schemas import FairPrice, FairPricePlus, TopDeals
from services.api.deals.schemas import DealsDocument
from services.api.market import queries
from services.api.market.schemas import MarketDocument, MarketSeriesDocument
from services.api.punks.schemas import HistoryDocument, PunkDocument
from services.api.traits.routes import known_trait
from services.api.traits.schemas import TraitDocument, TraitsDocument
from services.api.turns import WAITING
from shared.database.pool import Connection
from shared.errors import NotFoundError
from tests.factories.database import Database
from tests.factories.explained import explained
from tests.factories.view import read
from tests.factories.waiting import eventually
from tests.integration.api import filling
from tests.integration.api.conftest import Served, problem, serving
from tests.integration.api.filling import Happening

ALICE, BOB, CAROL = ("0x" + digit * 40 for digit in "abc")
FLOOR = filling.FLOOR_WEI / 10**18


async def ready(served: Served, happenings: list[Happening]) -> None:
    """The gateway has seen them."""
    before = served.gateway.current.require().market.seq
    await served.database.run(filling.happen, *happenings)
    await served.until(lambda: served.gateway.current.require().market.seq >= before + len(happenings))


async def test_a_bid_stands_until_something_ends_it(served: Served) -> None:
    happenings = [Happening("claim", punk, 90, buyer=ALICE) for punk in range(6)]
    happenings += [Happening("bid", punk, 50, 30 + punk, BOB) for punk in range(6)]
    happenings += [
        Happening("bid_withdrawn", 1, 40, seller=BOB),
        Happening("transfer", 2, 40, seller=ALICE, buyer=BOB),
        Happening("transfer", 3, 40, seller=ALICE, buyer=CAROL),
        Happening("bid", 4, 40, 39, CAROL),
        Happening("sale", 5, 40, 50, ALICE, CAROL),
    ]
    await ready(served, happenings)
    bids = {punk: (await served.document(PunkDocument, f"/v1/punks/{punk}")).bid for punk in range(6)}
    assert {punk: bid and (bid.price.eth, bid.bidder) for punk, bid in bids.items()} == {
        0: (30.0, BOB), 1: None, 2: None, 3: (33.0, BOB), 4: (39.0, CAROL), 5: (35.0, BOB),
    }  # fmt: skip
    market = await served.document(MarketDocument, "/v1/market")
    assert (market.bids.standing, market.bids.amount.eth) == (4, 137.0)
    assert [bid.punk_id for bid in market.bids.highest] == [4, 5, 3, 0]


async def test_depth_counts_asks_up_from_the_floor(served: Served) -> None:
    happenings = [Happening("listed", punk, 9, price, ALICE) for punk, price in enumerate((50, 50.4, 54, 60, 99, 200))]
    await ready(served, happenings)
    market = await served.document(MarketDocument, "/v1/market")
    assert {step.above_floor_percent: step.asks for step in market.depth} == {
        0: 1, 1: 2, 2: 2, 5: 2, 10: 3, 20: 4, 50: 4, 100: 5,
    }  # fmt: skip
    assert market.depth[1].amount.eth == pytest.approx(100.4)


async def test_punks_are_listed_by_ask_and_discount(served: Served) -> None:
    asks = {10: 30.0, 11: 45.0, 12: 38.0, 13: 41.0}
    await ready(served, [Happening("listed", punk, 9, ask, ALICE) for punk, ask in asks.items()])

    async def found(query: str) -> list[int]:
        answer = await served.client.get(f"/v1/punks?{query}")
        assert answer.status_code == 200, answer.text
        return [item["punk_id"] for item in answer.json()["items"]]

    assert await found("listed=true") == [10, 11, 12, 13]
    assert await found("sort=price&order=desc") == [11, 13, 12, 10]
    assert await found("sort=discount&order=desc&limit=2") == [10, 12]
    assert await found("min_price=35&max_price=41") == [12, 13]
    assert await found("min_discount=0.05") == [10, 12]
    assert len(await found("listed=false")) == 56
    assert await found("confidence=A&confidence=B&listed=true") == [12, 13]
    paged = await served.items("/v1/punks", sort="discount", limit=3)
    assert [item["punk_id"] for item in paged] == [11, 13, 12, 10]


async def test_reasons_follow_a_publication_and_add_up(served: Served, model: str) -> None:
    before = await served.document(PunkDocument, "/v1/punks/5")
    assert (before.contributions, before.comparables) == (None, None)
    assert before.unexplained is not None
    tag = (await served.client.get("/v1/punks/5")).headers["etag"]
    body = explained(60, model).to_bytes()
    await served.database.execute("insert into explanations values (1, $1, $2)", filling.NOW, body)
    await served.until(lambda: served.gateway.current.require().explanation is not None)
    answer = await served.client.get("/v1/punks/5", headers={"If-None-Match": tag})
    assert answer.status_code == 200, "a copy without reasons does not hold any more"
    punk = read(PunkDocument, answer.content)
    assert punk.contributions is not None
    assert punk.comparables is not None
    assert punk.unexplained is None
    assert sum(part.eth for part in punk.contributions.parts) == pytest.approx(punk.value.eth - 40.0, abs=1e-6)
    traits = await served.document(TraitsDocument, "/v1/traits")
    premiums = {entry.id: entry.premium for entry in traits.items}
    hoodie = premiums["accessory:Hoodie"]
    assert hoodie is not None
    assert hoodie.lo80_eth < hoodie.eth < hoodie.hi80_eth
    assert premiums["type:Alien"] is None, "the index of this test has no such trait"


async def test_reasons_that_cannot_be_read_leave_values_as_they_are(served: Served, model: str) -> None:
    await served.database.execute("insert into explanations values (1, $1, $2)", filling.NOW, b"no such file")
    later = await served.database.run(filling.publish, model, as_of=filling.NOW.replace(minute=1), shift=1)
    await served.until_shown(later)
    answer = await served.client.get("/v1/punks/5")
    assert answer.status_code == 200
    assert answer.json()["unexplained"]


async def test_traits_know_their_holders_floors_and_sales(served: Served) -> None:
    happenings = [
        Happening("claim", 2, 9000, buyer=ALICE),
        Happening("sale", 2, 24 * 400, 44, ALICE, BOB),
        Happening("sale", 2, 48, 50, BOB, ALICE),
        Happening("sale", 7, 30, 60, BOB, ALICE, exclusion="wash"),
        Happening("listed", 7, 9, 48, ALICE),
        Happening("listed", 12, 9, 55, ALICE),
        Happening("listed", 1, 9, 42, ALICE),
    ]
    await ready(served, happenings)
    traits = await served.document(TraitsDocument, "/v1/traits?kind=type")
    assert {entry.name: entry.punks for entry in traits.items} == dict.fromkeys(filling.TYPES, 12)
    answer = await served.client.get("/v1/traits/zombie")
    zombie = read(TraitDocument, answer.content)
    assert (zombie.trait.id, zombie.trait.listed, zombie.trait.sales_365d) == ("type:Zombie", 2, 1)
    assert zombie.trait.floor is not None
    assert (zombie.trait.floor.punk_id, zombie.trait.over_floor_eth) == (7, 6.0)
    assert [sale.price.eth for sale in zombie.recent_sales] == [50.0, 44.0]
    assert zombie.recent_sales[0].at_todays_floor_eth == pytest.approx(50 / FLOOR * 42)
    assert [ask.punk_id for ask in zombie.lowest_asks] == [7, 12]
    assert (await served.json("/v1/traits/accessory:hoodie"))["trait"]["name"] == "Hoodie"
    unknown = await served.client.get("/v1/traits/hoodi")
    assert unknown.status_code == 404
    assert "did you mean hoodie" in unknown.json()["detail"]


@settings(max_examples=50)
@given(asked=st.text(max_size=80))
def test_any_text_is_a_trait_or_a_problem(asked: str) -> None:
    traits = ["type:Ape", "accessory:Hoodie"]
    try:
        assert known_trait(asked, traits) in traits
    except NotFoundError as error:
        assert "There is no trait" in str(error)


async def test_deals_are_live_asks_ranked_by_probability(served: Served) -> None:
    asks = {punk: filling.value_wei(punk) / 10**18 * factor for punk, factor in
            zip(range(12), (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.25, 1.3, 1.4, 1.5, 1.6), strict=True)}  # fmt: skip
    await ready(served, [Happening("listed", punk, 9, ask, ALICE) for punk, ask in asks.items()])
    every = await served.document(DealsDocument, "/v1/deals?min_probability=0")
    assert [deal.punk_id for deal in every.items][:3] == [0, 1, 2]
    assert len(every.items) == 12
    assert every.prior is not None
    assert every.prior.asks == 12
    probabilities = [round(deal.probability, 9) for deal in every.items]
    assert probabilities == sorted(probabilities, reverse=True)
    best = every.items[0]
    assert best.expected_margin_eth < best.value.eth - best.ask.price.eth, "shrunk, and after gas"
    likely = await served.document(DealsDocument, "/v1/deals?min_probability=0.6")
    assert all(deal.probability >= 0.6 for deal in likely.items)
    assert 0 < len(likely.items) < 12
    dear = await served.json("/v1/deals?fee_percent=10&min_probability=0")
    assert dear["items"][0]["expected_margin_eth"] < best.expected_margin_eth
    paged = await served.items("/v1/deals", min_probability=0, limit=5)
    assert [deal["punk_id"] for deal in paged] == [deal.punk_id for deal in every.items]
    top = read(TopDeals, (await served.client.post("/compat/agents/v2/top-realtime?limit=3")).content)
    assert [deal.id_punk for deal in top.deals] == [0, 1, 2]
    assert top.deals[0].probability == best.probability


async def test_a_market_without_asks_has_no_deals(unchanging: Served) -> None:
    deals = await unchanging.document(DealsDocument, "/v1/deals")
    assert (deals.items, deals.next_cursor, deals.prior) == ([], None, None)


async def test_the_compatible_routes_answer_the_reference_shapes(unchanging: Served) -> None:
    body = {"id_punk": 42}
    fair = read(FairPrice, (await unchanging.client.post("/compat/agents/v2/fair-price", json=body)).content)
    assert fair.fair_price == filling.value_wei(42) / 10**18
    plus = read(
        FairPricePlus,
        (await unchanging.client.post("/compat/agents/v2/fair-price-plus", json=body | {"more": 1})).content,
    )
    assert plus.intervals["80"].low < plus.fair_price < plus.intervals["80"].high
    quantiles = list(plus.distribution.quantiles.values())
    assert quantiles == sorted(quantiles)
    for wrong, status in (({"id_punk": 10_000}, 422), ({}, 422), ({"id_punk": "x"}, 422), ({"id_punk": 61}, 404)):
        answer = await unchanging.client.post("/compat/agents/v2/fair-price", json=wrong)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_history_tells_values_sales_asks_and_bids(database: Database, model: str) -> None:
    for hour in range(10, 0, -1):
        last = await database.run(filling.publish, model, as_of=filling.NOW - timedelta(hours=hour), shift=hour)
    await database.run(
        filling.happen,
        Happening("claim", 3, 90, buyer=ALICE),
        Happening("listed", 3, 30, 50, ALICE),
        Happening("bid", 3, 20, 35, BOB),
        Happening("sale", 3, 9, 50, ALICE, CAROL, exclusion="wash"),
        Happening("listed", 4, 5, 60, ALICE),
    )
    async with serving(database) as served:
        await served.until_shown(last)
        whole = await served.document(HistoryDocument, "/v1/punks/3/history")
        assert [value.value_eth for value in whole.values] == [
            filling.value_wei(3, hour) / 10**18 for hour in range(10, 0, -1)
        ]
        assert whole.step_seconds is None
        assert [(sale.price.eth, sale.valid, sale.exclusion) for sale in whole.sales] == [(50.0, False, "wash")]
        assert [(ask.price.eth, ask.ended_by) for ask in whole.asks] == [(50.0, "sale")]
        assert [(bid.price.eth, bid.by, bid.end) for bid in whole.bids] == [(35.0, BOB, None)]
        window = {
            "from": (filling.NOW - timedelta(hours=5)).isoformat(),
            "to": (filling.NOW - timedelta(hours=2)).isoformat(),
        }
        part = await served.document(HistoryDocument, "/v1/punks/3/history", params=window)
        assert [value.value_eth for value in part.values] == [filling.value_wei(3, hour) / 10**18 for hour in (5, 4, 3)]
        assert (len(part.sales), len(part.asks), len(part.bids)) == (0, 0, 1)
        few = await served.document(HistoryDocument, "/v1/punks/3/history?points=4")
        assert few.step_seconds is not None
        assert 3 <= len(few.values) <= 5
        assert few.values[-1] == whole.values[-1]
        backwards = {"from": window["to"], "to": window["from"]}
        assert (await served.client.get("/v1/punks/3/history", params=backwards)).status_code == 422


async def test_the_series_has_every_day(served: Served) -> None:
    await served.database.execute(
        "insert into market_days values ($1, $2::text::numeric, 41.5)", date(2025, 5, 28), str(40 * 10**18)
    )
    await served.database.execute("insert into market_days values ($1, null, null)", date(2025, 5, 30))
    await served.database.execute("insert into eth_usd_daily values ($1, 2500)", date(2025, 5, 28))
    await served.database.run(
        filling.happen,
        Happening("sale", 3, 60, 50, ALICE, BOB),
        Happening("sale", 4, 60, 30, ALICE, BOB, exclusion="wash"),
    )
    answer = await served.client.get("/v1/market/series")
    series = read(MarketSeriesDocument, answer.content)
    assert [day.date.day for day in series.days] == [28, 29, 30]
    assert (series.days[0].floor_eth, series.days[0].index_eth, series.days[0].eth_usd) == (40.0, 41.5, 2500.0)
    assert (series.days[1].sales, series.days[1].floor_eth) == (0, None)
    assert (series.days[2].sales, series.days[2].valid_sales, series.days[2].volume_eth) == (2, 1, 80.0)
    one = await served.json("/v1/market/series?from=2025-05-29&to=2025-05-29")
    assert [day["date"] for day in one["days"]] == ["2025-05-29"]
    far = await served.json("/v1/market/series?from=2100-01-01&to=2190-01-01")
    assert far["days"] == []


def instants(served: Served, *seconds: int) -> list[asyncio.Task[httpx.Response]]:
    """The market so many seconds after an hour before now, asked for at once."""
    hour = filling.NOW - timedelta(hours=1)
    asked = [{"as_of": (hour + timedelta(seconds=second)).isoformat()} for second in seconds]
    return [asyncio.create_task(served.client.get("/v1/market", params=params)) for params in asked]


@asynccontextmanager
async def with_past_markets(
    database: Database, model: str, monkeypatch: pytest.MonkeyPatch, **knobs: object
) -> AsyncIterator[tuple[Served, asyncio.Event, list[object]]]:
    """A gateway that reads an earlier market when the event is set, and the instants that it has read."""
    shown = await database.run(filling.publish, model, as_of=filling.NOW - timedelta(hours=2))
    listed = [Happening("listed", punk, 1 - (punk * 10 + 5) / 3600, 30 + punk, ALICE) for punk in range(20)]
    await database.run(filling.happen, *listed)
    release, read_instants = asyncio.Event(), []
    honest = queries.market

    async def held(connection: Connection, *, as_of: object = None) -> object:
        if as_of is not None:
            read_instants.append(as_of)
            await release.wait()
        return await honest(connection, as_of=as_of)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "market", held)
    async with serving(database, **knobs) as served:
        await served.until_shown(shown)
        yield served, release, read_instants


async def test_all_instants_between_two_events_are_one_market(
    database: Database, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_past_markets(database, model, monkeypatch, database_timeout_s=60) as (served, release, read_then):
        asked = instants(served, *range(16, 26))
        await eventually(lambda: len(read_then) == 1)
        release.set()
        answers = [await one for one in asked]
        assert {answer.json()["asks"] for answer in answers} == {2}
        assert len({answer.headers["etag"] for answer in answers}) == 1
        [again, before] = [await one for one in instants(served, 20, 15)]
        assert again.content == answers[0].content
        assert (before.json()["asks"], len(read_then)) == (1, 2)


async def test_few_wait_for_an_earlier_market_and_the_rest_are_told_at_once(
    database: Database, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_past_markets(database, model, monkeypatch, database_timeout_s=60) as (served, release, read_then):
        asked = instants(served, *range(10, 200, 10))
        await eventually(lambda: sum(one.done() for one in asked) == len(asked) - 1 - WAITING)
        assert {problem(one.result()) for one in asked if one.done()} == {(503, "busy")}
        assert (await served.client.get("/v1/market")).status_code == 200
        release.set()
        assert sorted([(await one).status_code for one in asked]) == [200] * (1 + WAITING) + [503] * (18 - WAITING)
        assert len(read_then) == 1 + WAITING


async def test_a_time_out_is_called_so_while_the_database_answers(
    database: Database, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_past_markets(database, model, monkeypatch, database_timeout_s=2) as (served, release, _):
        answers = [await one for one in instants(served, 15, 25)]
        for answer in answers:
            assert problem(answer) == (503, "timeout")
            assert "Time-out" in answer.json()["detail"]
            assert answer.headers["retry-after"] == "5"
        release.set()
        [late] = instants(served, 15)
        assert (await late).status_code == 200
