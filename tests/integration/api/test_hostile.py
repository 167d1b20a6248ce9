"""Whatever a client writes, the answer says what is wrong with it: never a fault of ours."""

import re

import pytest

from services.api import cursors
from services.api.config import DEFAULT_CURSOR_KEY, digest
from services.api.openapi import document
from services.api.punks.search import PunkQuery
from tests.integration.api.conftest import OPERATOR, Served, problem

PUNKS = PunkQuery(None, (), None, None, None, "punk_id", "asc").digest
MODELS = digest("models", "None")
EXCLUSIONS = digest("exclusions", "None")


def crafted(scope: str, generation: object, *key: object) -> str:
    """A cursor with a valid tag: the default key is known to everybody."""
    return cursors.encode(cursors.Position(scope, generation, key), DEFAULT_CURSOR_KEY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "cursor"),
    [
        *(("/v1/punks", garbage) for garbage in ("x", "AAAA", "é", "A" * 5000, "..", "bnVsbA", "%")),
        ("/v1/lifecycle", "\0"),
        ("/v1/outcomes", "abc"),
        ("/v1/punks", crafted(PUNKS, 1, "x", "y")),
        ("/v1/punks", crafted(PUNKS, 1, 1, 1)),
        ("/v1/punks", crafted(PUNKS, 1, "9" * 5000, "1")),
        ("/v1/punks", crafted(PUNKS, 2**63, "1", "1")),
        ("/v1/punks", crafted(PUNKS, -1, "1", "1")),
        ("/v1/punks", crafted(PUNKS, "abc", "1", "1")),
        ("/v1/models", crafted(MODELS, 0, "2020-01-01", "m")),
        ("/v1/models", crafted(MODELS, 0, "0001-01-01T00:00:00+14:00", "m")),
        ("/v1/models", crafted(MODELS, 0, "2020-01-01T00:00:00+00:00", "m\x00")),
        ("/v1/exclusions", crafted(EXCLUSIONS, 0, "2020-01-01T00:00:00+00:00", "m")),
        ("/v1/exclusions", crafted(EXCLUSIONS, 0, "2020-01-01T00:00:00+00:00", str(2**63))),
        ("/v1/exclusions", crafted(EXCLUSIONS, 0, "2020-01-01T00:00:00+00:00", "9" * 400)),
    ],
)
async def test_a_cursor_that_is_garbage_or_crafted_is_a_bad_cursor(unchanging: Served, path: str, cursor: str) -> None:
    answer = await unchanging.client.get(path, params={"cursor": cursor})
    assert problem(answer) == (400, "bad-cursor")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("trait=Hoodi", "did you mean Hoodie"),
        ("trait=zzzz", "known:"),
        ("type=Robot", "Alien"),
        ("min_value=9&max_value=3", "above max_value"),
        ("min_price=3&max_price=2", "above max_price"),
    ],
)
async def test_a_search_that_finds_nothing_ever_is_explained(unchanging: Served, query: str, said: str) -> None:
    answer = await unchanging.client.get(f"/v1/punks?{query}")
    assert problem(answer)[0] == 422
    assert said in answer.json()["detail"]


BACKWARDS = "start=2025-05-01T00:00:00Z&end=2025-04-01T00:00:00Z"
WRONG = {
    "punks": (
        "min_value=-1", "min_value=nan", "max_value=1e400", "max_value=cheap", "confidence=E", "limit=0", "limit=501",
        "trait_count=8", "sort=luck", "order=up",
    ),
    "punks/3/history": ("points=1",),
    "deals": ("min_probability=2", "min_probability=nan", "type=Robot"),
    "traits": ("kind=colour",),
    "events": ("types=weather",),
    "market/series": ("from=1500-01-01", "from=2025-05-29&to=2025-05-28"),
    "nowcasts/current": ("format=xml",),
    "lifecycle": ("kind=nonsense", "model_id=m-1"),
    "lifecycle/evalue": ("max_points=1", "limit=1000"),
    "outcomes": ("horizon=1h", "limit=0", "format=xml", "format=csv&cursor=abc", BACKWARDS),
    "performance": ("horizon=1h", "start=2025-05-01", "model_id=m-1", BACKWARDS),
}  # fmt: skip


@pytest.mark.parametrize("question", [f"{path}?{query}" for path, queries in WRONG.items() for query in queries])
async def test_a_parameter_that_breaks_a_rule_is_named(unchanging: Served, question: str) -> None:
    answer = await unchanging.client.get(f"/v1/{question}")
    assert problem(answer)[0] == 422
    assert re.split("[?&=]", question)[-2] in answer.json()["detail"]


@pytest.mark.parametrize("bound", ["start", "end"])
@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-01-01T00:00:00"])
async def test_an_instant_that_is_none_in_utc_breaks_a_rule(unchanging: Served, bound: str, instant: str) -> None:
    answer = await unchanging.client.get("/v1/performance", params={bound: instant})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == f"query.{bound}"


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "2025-01-01T00:00:00"])
@pytest.mark.parametrize(
    "path",
    ["models/champion?at=", "market?as_of=", "punks/1?as_of=", "nowcasts/current?as_of=", "punks/1/history?from="],
)
async def test_no_route_takes_an_instant_that_is_none_in_utc(unchanging: Served, path: str, instant: str) -> None:
    path, _, parameter = path.removesuffix("=").partition("?")
    answer = await unchanging.client.get(f"/v1/{path}", params={parameter: instant})
    assert problem(answer) == (422, "invalid-input")


@pytest.mark.parametrize(
    ("question", "location", "said"),
    [
        ("/v1/punks?typ=Zombie", "query.typ", "there is no such parameter; this route has type, "),
        ("/v1/outcomes?model=m-0000000000000000", "query.model", "this route has model_id, "),
        ("/v1/punks?Type=Zombie", "query.Type", "this route has type, "),
        ("/v1/punks/3?as_off=2025-01-01T00:00:00Z", "query.as_off", "this route has as_of"),
        ("/v1/punks/3?x", "query.x", "this route has"),
        ("/v1/status?verbose=1", "query.verbose", "this route has none"),
        ("/v1/models/current?", None, None),
        ("/v1/models/current?=1", "query.", "this route has none"),
        ("/livez?a=1", "query.a", "this route has none"),
        ("/problems/not-found?a=1", "query.a", "this route has none"),
        ("/v1/deals?cursr=a&limit=1", "query.cursr", "this route has cursor, "),
        ("/v1/punks?limit=1&limit=2", "query.limit", "given 2 times; this parameter takes one value"),
        ("/v1/punks?type=Zombie&type=Alien", "query.type", "given 2 times"),
        ("/v1/punks?trait=Hoodie&trait=Beanie", None, None),
        ("/v1/lifecycle?kind=frozen&kind=alert", None, None),
    ],
)
async def test_a_parameter_that_the_route_does_not_have_is_refused_and_the_nearest_is_named(
    unchanging: Served, question: str, location: str | None, said: str | None
) -> None:
    answer, head = await unchanging.client.get(question), await unchanging.client.head(question)
    assert head.status_code == answer.status_code
    if location is None:
        assert answer.status_code == 200
        return
    assert problem(answer) == (422, "invalid-input")
    (error,) = answer.json()["errors"]
    assert error["location"] == location
    assert said in error["rule"]


async def test_writes_and_the_compatible_routes_refuse_unknown_parameters_too(unchanging: Served) -> None:
    for path in ("/v1/freezes?dry_run=true", "/v1/training-requests?reason=x"):
        answer = await unchanging.client.post(path, json={"reason": "x"}, headers=OPERATOR)
        assert problem(answer) == (422, "invalid-input")
    compatible = [path for path in document()["paths"] if path.startswith("/compat")]
    assert compatible
    for path in compatible:
        assert (await unchanging.client.post(f"{path}?nonsense=1", json={})).status_code == 422


async def test_a_hidden_character_in_a_parameters_name_is_shown(unchanging: Served) -> None:
    answer = await unchanging.client.get("/v1/punks?ty%E2%80%AEpe=Zombie")
    assert answer.json()["errors"][0]["location"] == r"query.ty\u202epe"


ASKS_FOR_AN_INSTANT = ("/v1/market?as_of=", "/v1/models/champion?at=", "/v1/punks/3?as_of=", "/v1/performance?start=")


@pytest.mark.parametrize("asks", ASKS_FOR_AN_INSTANT)
async def test_an_instant_typed_the_usual_wrong_way_says_what_to_type(unchanging: Served, asks: str) -> None:
    answer = await unchanging.client.get(f"{asks}2024-01-10T00:00:00+00:00")
    assert problem(answer)[0] == 422
    assert "write 2024-01-10T00:00:00%2B00:00, or the instant in UTC with Z" in answer.json()["detail"]
    answer = await unchanging.client.get(f"{asks}2024-01-10")
    assert "write 2024-01-10T00:00:00Z" in answer.json()["detail"]
    answer = await unchanging.client.get(f"{asks}9999-12-31T23:59:59-23:59")
    assert problem(answer)[0] == 422


async def test_a_bodys_instant_that_is_none_in_utc_breaks_a_rule(unchanging: Served) -> None:
    for path, field in (("/v1/freezes", "expires_at"), ("/v1/training-requests", "data_cutoff")):
        body = {"reason": "x", field: "9999-12-31T23:59:59-23:59"}
        answer = await unchanging.client.post(path, json=body, headers=OPERATOR)
        assert problem(answer)[0] == 422
