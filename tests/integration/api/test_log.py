"""The log of generations over HTTP: what the nowcaster wrote, for whoever keeps a copy."""

from services.api.log.schemas import LogLine, SigningKeyDocument
from services.api.paging import List
from services.nowcaster.generation_log import GenerationLog
from shared.signing.log import Checkpoint, LogEntry
from shared.signing.notes import opened
from tests.factories.signing import OURS
from tests.integration.api.conftest import Served, problem


async def follow(served: Served) -> None:
    """What the nowcaster does."""
    login = await served.database.of("nowcaster")
    await GenerationLog(database=login, clock=served.clock, origin="punkcast", keys=[OURS]).catch_up()


async def test_the_signed_checkpoint_and_the_entries_are_served(served: Served) -> None:
    await follow(served)
    answer = await served.client.get("/v1/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert Checkpoint.parse(opened(answer.text, [OURS.verifier])).size == 1
    [line] = (await served.document(List[LogLine], "/v1/log/entries")).items
    nowcast = (await served.json("/v1/nowcasts"))["items"][0]
    entry = LogEntry.parse(line.line)
    assert (line.index, entry.generation_id, entry.merkle_root) == (0, nowcast["generation_id"], nowcast["merkle_root"])
    assert (await served.json("/v1/log/entries", params={"start": 1})) == {"items": []}
    [key] = (await served.document(List[SigningKeyDocument], "/v1/log/keys")).items
    assert key.verifier_key == str(OURS.verifier)


async def test_before_the_first_signature_there_is_no_checkpoint(served: Served) -> None:
    answer = await served.client.get("/v1/log/checkpoint")
    assert problem(answer) == (404, "not-found")
    assert "PUNKCAST_SIGNING_KEY" in answer.json()["detail"]
    assert await served.json("/v1/log/entries") == await served.json("/v1/log/keys") == {"items": []}


async def test_a_page_begins_and_ends_where_it_is_asked_to(served: Served) -> None:
    await follow(served)
    for wrong in ({"start": -1}, {"start": 2**63}, {"limit": 0}, {"limit": 1001}, {"start": "x"}):
        assert problem(await served.client.get("/v1/log/entries", params=wrong))[0] == 422
