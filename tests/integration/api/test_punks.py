"""Values of one punk and lists of many, from a real database."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import TypeAdapter

from services.api.market.schemas import MarketDocument
from services.api.nowcasts.schemas import NowcastDocument
from services.api.punks.schemas import PunkDocument, PunkPage
from shared.stores import chain_repository
from tests.factories.database import Database
from tests.factories.view import read
from tests.integration.api import filling
from tests.integration.api.conftest import Served, problem, serving
from tests.integration.api.filling import Happening

ALICE, BOB, WRAPPER = ("0x" + digit * 40 for digit in "abc")


async def walk(served: Served, **params: object) -> list[PunkPage]:
    return TypeAdapter(list[PunkPage]).validate_python(await served.pages("/v1/punks", **params))


async def test_a_punk_names_value_intervals_generation_model_and_age(served: Served, model: str) -> None:
    served.clock.move_to(filling.NOW.replace(minute=5))
    answer = await served.client.get("/v1/punks/42")
    punk = read(PunkDocument, answer.content)
    assert punk.punk_id == 42
    assert punk.value.wei == str(filling.value_wei(42))
    assert punk.value.eth == filling.value_wei(42) / 10**18
    assert set(punk.intervals) == {"50", "80", "90"}
    assert int(punk.intervals["90"].lo.wei) < int(punk.intervals["50"].lo.wei) < int(punk.value.wei)
    assert punk.confidence == "C"
    assert (punk.type, punk.traits, punk.trait_count) == ("Zombie", ["Hoodie", "Beanie"], 2)
    assert punk.generation.model_id == model
    assert (punk.generation.as_of, punk.generation.as_of_block) == (filling.NOW, 22_000_000)
    assert answer.headers["punkcast-age-seconds"] == "300"
    assert "punkcast-degraded" not in answer.headers
    assert json.loads(answer.content)["generation"]["as_of"] == "2025-06-01T12:00:00Z"


@pytest.mark.parametrize("punk", ["-1", "10000", "99999999999999999999", "10000/history"])
async def test_a_punk_that_does_not_exist_is_not_found(unchanging: Served, punk: str) -> None:
    answer = await unchanging.client.get(f"/v1/punks/{punk}")
    assert problem(answer)[0] == 404
    assert "0 to 9999" in answer.json()["detail"]


@pytest.mark.parametrize("punk", ["abc", "1.5", "0x10", "%00", "1e3"])
async def test_a_punk_id_that_is_no_number_is_invalid(unchanging: Served, punk: str) -> None:
    answer = await unchanging.client.get(f"/v1/punks/{punk}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == "path.punk_id"


async def test_paging_shows_each_of_the_ten_thousand_once_in_order(whole: Served) -> None:
    pages = await walk(whole, sort="value", order="desc", limit=499)
    keys = [(int(item.value.wei), item.punk_id) for page in pages for item in page.items]
    assert len(pages) == 21
    assert sorted(punk for _, punk in keys) == list(range(10_000))
    assert keys == sorted(keys, reverse=True)


async def test_a_reader_who_pages_stays_in_one_generation_while_another_is_published(whole: Served) -> None:
    first = await whole.document(PunkPage, "/v1/punks?sort=value&limit=500")
    later = await whole.database.run(
        filling.publish, filling.model_id(1), as_of=filling.NOW.replace(minute=30), shift=1000
    )
    await whole.until_shown(later)
    seen = {item.punk_id for item in first.items}
    cursor = first.next_cursor
    while cursor:
        answer = await whole.client.get("/v1/punks", params={"sort": "value", "limit": 500, "cursor": cursor})
        page = read(PunkPage, answer.content)
        assert page.generation.generation_id == first.generation.generation_id
        assert all(item.value.wei == str(filling.value_wei(item.punk_id)) for item in page.items)
        assert seen.isdisjoint(item.punk_id for item in page.items)
        seen |= {item.punk_id for item in page.items}
        cursor = page.next_cursor
    assert seen == set(range(10_000))
    fresh = await whole.document(PunkPage, "/v1/punks")
    assert fresh.generation.generation_id == later


@asynccontextmanager
async def overtaken(database: Database, model: str) -> AsyncIterator[tuple[Served, int, str]]:
    """A gateway that keeps one generation shows the second; the first one, and a cursor into it."""
    first = await database.run(filling.publish, model)
    async with serving(database, generations_kept=1) as served:
        await served.until_shown(first)
        cursor = (await served.json("/v1/punks?limit=3"))["next_cursor"]
        await served.until_shown(
            await database.run(filling.publish, model, as_of=filling.NOW.replace(minute=30), shift=9)
        )
        assert served.gateway.current.earlier(first) is None
        yield served, first, cursor


async def test_a_cursor_into_a_generation_only_the_database_has_goes_on(database: Database, model: str) -> None:
    async with overtaken(database, model) as (served, early, cursor):
        answer = await served.json("/v1/punks", params={"limit": 3, "cursor": cursor})
    assert answer["generation"]["generation_id"] == early
    assert [item["punk_id"] for item in answer["items"]] == [3, 4, 5]


async def test_a_cursor_into_a_removed_generation_is_gone(database: Database, model: str) -> None:
    async with overtaken(database, model) as (served, early, cursor):
        await database.run(filling.remove_values, early)
        answer = await served.client.get("/v1/punks", params={"limit": 3, "cursor": cursor})
    assert problem(answer) == (410, "generation-gone")
    assert "without `cursor`" in answer.json()["next_step"]


async def test_a_cursor_of_other_filters_is_refused(unchanging: Served) -> None:
    cursor = (await unchanging.json("/v1/punks?type=Zombie&limit=3"))["next_cursor"]
    answer = await unchanging.client.get("/v1/punks", params={"type": "Ape", "limit": 3, "cursor": cursor})
    assert answer.status_code == 400
    assert "other filters" in answer.json()["detail"]


async def test_filters_are_met_by_exactly_the_punks_listed(whole: Served) -> None:
    wanted = {"type": "ape", "trait": ["pipe", "Earring"], "trait_count": 3, "min_value": 41, "max_value": 60.5}
    found = [item.punk_id for page in await walk(whole, **wanted, limit=500) for item in page.items]
    expected = [
        punk
        for punk in range(10_000)
        if punk % 5 == 3
        and {"Pipe", "Earring"} <= {filling.TRAITS[(punk + place) % 7] for place in range(3)}
        and 41 * 10**18 <= filling.value_wei(punk) <= 605 * 10**17
    ]
    assert found == expected != []


async def test_asks_owners_and_last_sales_follow_the_contract(database: Database, model: str) -> None:
    await database.run(
        filling.happen,
        *(Happening("claim", punk, 9000, buyer=ALICE) for punk in range(1, 9)),
        Happening("listed", 1, 800, 50, ALICE),
        Happening("listed", 2, 790, 44, ALICE, BOB),  # private
        Happening("listed", 3, 780, 47, ALICE),
        Happening("listed", 4, 770, 45, ALICE),
        Happening("delisted", 4, 760, seller=ALICE),
        Happening("listed", 5, 750, 43, ALICE),
        Happening("sale", 5, 100, 43, ALICE, BOB),
        Happening("listed", 6, 740, 42, ALICE),
        Happening("transfer", 6, 90, None, ALICE, BOB),
        Happening("listed", 7, 730, 41, ALICE),
        Happening("wrap", 7, 80, None, ALICE, WRAPPER),
        Happening("sale", 8, 20, 46, ALICE, BOB, exclusion="far_below_floor"),
        Happening("listed", 8, 10, 60, BOB),
        Happening("listed", 8, 9, 55, BOB),
        Happening("bid", 8, 1, 30, ALICE),
    )
    generation = await database.run(filling.publish, model)
    async with serving(database) as served:
        await served.until_shown(generation)
        punks = {punk: await served.document(PunkDocument, f"/v1/punks/{punk}") for punk in range(10)}
        market = await served.document(MarketDocument, "/v1/market")
    asks = {punk: document.ask.price.eth for punk, document in punks.items() if document.ask}
    assert asks == {1: 50.0, 3: 47.0, 8: 55.0}
    owners = {punk: document.owner for punk, document in punks.items()}
    assert owners == {0: None, 1: ALICE, 2: ALICE, 3: ALICE, 4: ALICE, 5: BOB, 6: BOB, 7: WRAPPER, 8: BOB, 9: None}
    assert punks[8].last_sale is not None
    assert (punks[8].last_sale.price.eth, punks[8].last_sale.valid) == (46.0, False)
    assert market.floor is not None
    assert (market.floor.price.eth, market.floor.punk_id, market.asks) == (47.0, 3, 3)
    volumes = [(one.days, one.sales, one.valid_sales, one.volume.eth) for one in market.volumes]
    assert volumes == [(1, 1, 0, 46.0), (7, 2, 1, 89.0), (30, 2, 1, 89.0)]


async def test_a_superseded_event_counts_for_nothing(database: Database, model: str) -> None:
    async with database.connection() as connection:
        await filling.happen(connection, Happening("claim", 1, 90, buyer=ALICE), Happening("listed", 1, 8, 50, ALICE))
        generation = await filling.publish(connection, model)
        await connection.execute("update market_events set superseded_at = event_time where event_type = 'listed'")
    async with serving(database) as served:
        await served.until_shown(generation)
        assert (await served.json("/v1/punks/1"))["ask"] is None


async def test_new_events_show_without_a_new_generation(served: Served) -> None:
    before = await served.client.get("/v1/punks/1")
    await served.database.run(filling.happen, Happening("listed", 1, 8, 50, ALICE))
    await served.until(lambda: served.gateway.current.require().market.seq > 0)
    after = await served.client.get("/v1/punks/1", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["ask"]["price"]["wei"] == str(50 * 10**18)


async def test_a_reorganisation_without_new_events_shows_too(served: Served) -> None:
    await served.database.run(
        filling.happen, Happening("claim", 1, 90, buyer=ALICE), Happening("listed", 1, 8, 50, ALICE)
    )
    await served.until(lambda: served.gateway.current.require().market.seq > 0)
    before = await served.client.get("/v1/punks/1")
    assert before.json()["ask"] is not None
    async with served.database.transaction() as connection:
        listed = await connection.fetchval("select block from market_events where event_type = 'listed'")
        assert await chain_repository.supersede(connection, listed - 1, at=filling.NOW)
    await served.until(lambda: served.gateway.current.require().market.place[1] == 1)
    after = await served.client.get("/v1/punks/1", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["ask"] is None


async def test_the_whole_nowcast_equals_the_single_answers(whole: Served) -> None:
    answer = await whole.client.get("/v1/nowcasts/current", headers={"Accept-Encoding": "identity"})
    assert int(answer.headers["content-length"]) == len(answer.content)
    nowcast = read(NowcastDocument, answer.content)
    assert nowcast.count == len(nowcast.punks) == 10_000
    single = await whole.document(PunkDocument, "/v1/punks/777")
    assert vars(nowcast.punks[777]) == {name: getattr(single, name) for name in vars(nowcast.punks[777])}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nowcasts/current",
        "/v1/punks/5",
        "/v1/punks?limit=7",
        "/v1/market",
        "/v1/deals",
        "/v1/traits",
        "/v1/punks/columns",
    ],
)
async def test_a_copy_that_still_holds_is_answered_304(served: Served, model: str, path: str) -> None:
    first = await served.client.get(path)
    etag = first.headers["etag"]
    assert not etag.startswith("W/")
    served.clock.move_to(filling.NOW.replace(minute=4))
    second = await served.client.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["etag"] == etag
    assert second.headers["punkcast-age-seconds"] == "240"
    aged = await served.client.get(path)
    assert (aged.headers["etag"], aged.content) == (etag, first.content), "the age is in headers alone"
    later = await served.database.run(filling.publish, model, as_of=filling.NOW.replace(minute=3), shift=5)
    await served.until_shown(later)
    third = await served.client.get(path, headers={"If-None-Match": etag})
    assert third.status_code == 200
    assert third.json()["generation"]["generation_id"] == later


async def test_head_answers_the_headers_of_get(unchanging: Served) -> None:
    head, got = await unchanging.client.head("/v1/punks/5"), await unchanging.client.get("/v1/punks/5")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]
    assert head.headers["content-length"] == str(len(got.content))
