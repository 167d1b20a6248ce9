"""Whatever a client writes, the answer says what is wrong with it: never a fault of ours."""

import pytest

from services.api import cursors
from services.api.config import DEFAULT_CURSOR_KEY, digest
from services.api.punks.search import PunkQuery
from tests.integration.api.conftest import Served

PUNKS = PunkQuery(None, (), None, None, None, "punk_id", "asc").digest
MODELS = digest("models", "None")
EXCLUSIONS = digest("exclusions", "None")


def crafted(scope: str, generation: object, *key: object) -> str:
    """A cursor with a valid tag: the default key is known to everybody."""
    return cursors.encode(cursors.Position(scope, generation, key), DEFAULT_CURSOR_KEY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "cursor"),
    [
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
async def test_a_crafted_cursor_is_a_bad_cursor(unchanging: Served, path: str, cursor: str) -> None:
    answer = await unchanging.client.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "bad-cursor")


@pytest.mark.parametrize("bound", ["start", "end"])
@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-01-01T00:00:00"])
async def test_an_instant_that_is_none_in_utc_breaks_a_rule(unchanging: Served, bound: str, instant: str) -> None:
    answer = await unchanging.client.get("/v1/performance", params={bound: instant})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == f"query.{bound}"
