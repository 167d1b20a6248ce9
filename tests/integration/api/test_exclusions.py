"""The page of sales that do not count."""

from shared.market.valid_sales import EXPLANATIONS, Exclusion
from tests.integration.api import filling
from tests.integration.api.conftest import Served, problem
from tests.integration.api.filling import Happening

ANN, BOB = "0x" + "a" * 40, "0x" + "b" * 40
STORY = [
    Happening("sale", 1, 9, 0.0, ANN, BOB, exclusion="custody_move"),
    Happening("sale", 2, 8, 45.0, ANN, BOB),
    Happening("sale", 3, 7, 12.5, BOB, ANN, exclusion="far_below_floor"),
    # Two in one block time, so that the page has to go on between them.
    Happening("sale", 4, 6, 0.0, ANN, BOB, exclusion="custody_move"),
    Happening("sale", 5, 6, 0.0, ANN, BOB, exclusion="custody_move"),
    Happening("sale", 6, 5, 50.0, ANN, ANN, exclusion="self_sale"),
]


async def test_nothing_excluded_is_an_empty_page(unchanging: Served) -> None:
    answer = await unchanging.client.get("/v1/exclusions")
    assert answer.json() == {"items": [], "counts": [], "next_cursor": None}


async def test_an_excluded_sale_shows_price_floor_and_why(served: Served) -> None:
    await served.database.run(filling.happen, *STORY)
    page = await served.json("/v1/exclusions", params={"reason": "far_below_floor"})
    (sale,) = page["items"]
    assert (sale["punk_id"], sale["seller"], sale["buyer"], sale["kind"]) == (3, BOB, ANN, "buy")
    assert sale["price"] == {"wei": "12500000000000000000", "eth": 12.5}
    assert sale["floor"]["wei"] == str(filling.FLOOR_WEI)
    assert sale["explanation"] == EXPLANATIONS[Exclusion.FAR_BELOW_FLOOR]
    assert page["next_cursor"] is None


async def test_excluded_sales_are_paged_newest_first_and_counted_by_reason(served: Served) -> None:
    await served.database.run(filling.happen, *STORY)
    pages = await served.pages("/v1/exclusions", limit=2)
    assert [[sale["punk_id"] for sale in page["items"]] for page in pages] == [[6, 5], [4, 3], [1]]
    for page in pages:
        counts = {count["reason"]: count["sales"] for count in page["counts"]}
        assert counts == {"custody_move": 3, "far_below_floor": 1, "self_sale": 1}
    moves = await served.json("/v1/exclusions", params={"reason": "custody_move", "limit": 2})
    assert [sale["punk_id"] for sale in moves["items"]] == [5, 4]
    assert moves["counts"][0] == {
        "reason": "custody_move",
        "explanation": EXPLANATIONS[Exclusion.CUSTODY_MOVE],
        "sales": 3,
    }
    other = await served.client.get("/v1/exclusions", params={"cursor": moves["next_cursor"]})
    assert problem(other) == (400, "bad-cursor")


async def test_a_sale_that_a_reorganisation_orphaned_is_not_listed(served: Served) -> None:
    await served.database.run(filling.happen, *STORY)
    await served.database.execute("update market_events set superseded_at = $1 where punk_id = 6", filling.NOW)
    page = await served.json("/v1/exclusions")
    assert [sale["punk_id"] for sale in page["items"]] == [5, 4, 3, 1]
    assert "self_sale" not in {count["reason"] for count in page["counts"]}


async def test_a_reason_of_a_newer_version_is_passed_on(served: Served) -> None:
    await served.database.run(filling.happen, Happening("sale", 1, 9, 1.0, ANN, BOB, exclusion="moon_phase"))
    (sale,) = (await served.json("/v1/exclusions"))["items"]
    assert (sale["reason"], sale["explanation"]) == ("moon_phase", "moon_phase")


async def test_an_unknown_reason_is_explained(unchanging: Served) -> None:
    answer = await unchanging.client.get("/v1/exclusions", params={"reason": "bad luck"})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "query.reason")


async def test_excluded_sales_split_by_channel(served: Served) -> None:
    await served.database.run(filling.happen, *STORY)
    await served.database.execute(
        "update sales set (channel, pass_through, dealer, wrapped) = ('directed_ask', false, false, false) "
        "where punk_id in (5, 6)"
    )
    for channel, punks in {"directed_ask": [6, 5], "public_ask": []}.items():
        page = await served.json("/v1/exclusions", params={"channel": channel})
        assert [(sale["punk_id"], sale["channel"]) for sale in page["items"]] == [(punk, channel) for punk in punks]
