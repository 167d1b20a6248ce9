"""The log of generations: complete, append-only, and signed, whatever happens to the processes that follow it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.nowcaster import generation_log
from services.nowcaster.generation_log import GenerationLog
from shared.database.pool import Connection
from shared.merkle import merkle_levels
from shared.signing.log import BrokenLogError, Checkpoint, LogEntry
from shared.signing.notes import SigningKey, opened
from tests.factories import registry
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.rows import a_generation_of
from tests.factories.signing import NEXT, OURS
from tests.integration.nowcaster.conftest import tick


async def follower(harness: Harness, *keys: SigningKey, **options: Any) -> GenerationLog:
    """A nowcaster's, just started, with the rights of its login."""
    login = await harness.database.of("nowcaster")
    return GenerationLog(
        database=login, clock=harness.clock, **{"origin": "punkcast", "keys": keys or (OURS,)} | options
    )


async def lines(harness: Harness) -> list[str]:
    return [row["line"] for row in await harness.rows("select line from log_entries order by index")]


async def newest(harness: Harness, key: SigningKey = OURS) -> Checkpoint:
    note = await harness.value("select note from log_checkpoints order by checkpoint_id desc limit 1")
    return Checkpoint.parse(opened(note, [key.verifier]))


async def test_each_published_generation_has_a_line_in_the_order_of_publication(
    harness: Harness, champion: str
) -> None:
    log = await follower(harness)
    assert await log.catch_up() == 0
    assert await harness.value("select count(*) from log_checkpoints") == 0, "there is nothing to sign"
    for _ in range(2):
        await tick(harness, minutes=30)
        assert await log.catch_up() == 1
    found = [LogEntry.parse(line) for line in await lines(harness)]
    published = await harness.rows("select * from generations where role = 'champion' order by generation_id")
    assert [vars(entry) for entry in found] == [{name: row[name] for name in vars(found[0])} for row in published]
    checkpoint = await newest(harness)
    assert (checkpoint.origin, checkpoint.size) == ("punkcast", 2)
    assert checkpoint.root == merkle_levels("\n".join(await lines(harness)).encode())[-1][0]
    assert await log.catch_up() == 0
    assert await harness.value("select count(*) from log_checkpoints") == 2, "the same is not signed again"


async def published(harness: Harness, count: int) -> None:
    """Further generations of the champion, without values."""
    for _ in range(count):
        harness.clock.move_to(harness.clock.now() + timedelta(minutes=30))
        await harness.run(_publish, harness.clock.now())


async def _publish(connection: Connection, at: datetime) -> None:
    model = await connection.fetchval("select model_id from model_pointer")
    snapshot = await registry.snapshot(connection, at.isoformat(), "nowcast", at)
    await a_generation_of(connection, model, snapshot, as_of=at, published_at=at)


async def test_after_a_crash_the_missing_lines_follow(
    harness: Harness, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(harness, 2)
    log = await follower(harness)
    with monkeypatch.context() as patched:
        patched.setattr(
            generation_log, "KEEP_CHECKPOINT_SQL", "select $1::bigint / 0, $2::text, $3::text, $4::timestamptz"
        )
        with pytest.raises(asyncpg.PostgresError):
            await log.catch_up()
    assert await lines(harness) == [], "neither entry nor checkpoint"
    monkeypatch.setattr(generation_log, "BATCH", 2)
    await published(harness, 3)
    assert await (await follower(harness)).catch_up() == 5
    assert (await newest(harness)).size == 5
    await published(harness, 1)
    assert await log.catch_up() == 1, "the one that failed goes on"
    assert (await newest(harness)).root == merkle_levels("\n".join(await lines(harness)).encode())[-1][0]


async def test_two_nowcasters_write_each_line_once(harness: Harness, champion: str) -> None:
    first, second = await follower(harness), await follower(harness)
    for count in (3, 1, 2):
        await published(harness, count)
        added = await asyncio.gather(first.catch_up(), second.catch_up())
        assert sum(added) == count
    assert (await newest(harness)).size == 6
    assert await harness.value("select count(*) from log_checkpoints") == 3


async def test_while_keys_are_exchanged_both_sign_and_no_nowcaster_signs_again_and_again(
    harness: Harness, champion: str
) -> None:
    await published(harness, 1)
    old, new = await follower(harness, OURS), await follower(harness, NEXT)
    for _ in range(3):
        await old.catch_up()
        await new.catch_up()
    assert await newest(harness, OURS) == await newest(harness, NEXT)
    assert await harness.value("select count(*) from log_checkpoints") == 2
    keys = await harness.rows("select verifier_key from signing_keys order by first_used_at, verifier_key")
    assert {row["verifier_key"] for row in keys} == {str(OURS.verifier), str(NEXT.verifier)}


async def test_without_a_key_the_log_grows_unsigned_and_a_later_key_signs_all_of_it(
    harness: Harness, champion: str
) -> None:
    await published(harness, 2)
    assert await (await follower(harness, keys=())).catch_up() == 2
    assert await harness.value("select count(*) from log_checkpoints") == 0
    await (await follower(harness)).catch_up()
    assert (await newest(harness)).size == 2


@pytest.mark.parametrize(
    "tampering",
    [
        "update log_entries set line = replace(line, ',1,', ',2,') where index = 1",
        "delete from log_entries where index = 2",
    ],
)
async def test_entries_that_were_changed_behind_the_log_are_not_signed(
    harness: Harness, champion: str, tampering: str
) -> None:
    await published(harness, 3)
    await (await follower(harness)).catch_up()
    await harness.execute("alter table log_entries disable trigger append_only")
    await harness.execute(tampering)
    restarted = await follower(harness)
    if tampering.startswith("delete"):
        # The missing line would be appended again; another one in its place is noticed.
        await harness.execute("alter table generations disable trigger append_only")
        await harness.execute("update generations set values_sha256 = repeat('f', 64)")
    with pytest.raises(BrokenLogError, match="PUNKCAST_LOG_ORIGIN"):
        await restarted.catch_up()
    assert await harness.value("select count(*) from log_checkpoints") == 1
    other = await follower(harness, origin="punkcast/2")
    await other.catch_up()
    note = await harness.value("select note from log_checkpoints order by checkpoint_id desc limit 1")
    assert note.startswith("punkcast/2\n3\n")


async def test_the_log_only_grows_and_only_by_the_next_line(harness: Harness, champion: str) -> None:
    await published(harness, 2)
    await (await follower(harness)).catch_up()
    first, second = [row[0] for row in await harness.rows("select generation_id from log_entries order by index")]
    await published(harness, 1)
    third = await harness.value("select max(generation_id) from generations")
    for statement in (
        "update log_entries set line = 'another'",
        "delete from log_entries",
        "truncate log_entries",
        "update log_checkpoints set note = 'another'",
        "delete from log_checkpoints",
        "truncate log_checkpoints",
        "delete from signing_keys",
        f"insert into log_entries values (3, {third}, 'with a gap')",
        f"insert into log_entries values (1, {third}, 'twice')",
        f"insert into log_entries values (2, {first}, 'again')",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await harness.execute(statement)
    assert second < third
    await harness.execute(f"insert into log_entries values (2, {third}, 'the next line')")


async def test_a_log_that_cannot_be_continued_stops_no_publication(
    harness: Harness, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nowcaster's background goes on, too, and continues the log when it can."""
    monkeypatch.setattr(generation_log, "LOOK_S", 0.01)
    log = await follower(harness)
    failures, look = [BrokenLogError("broken"), ConnectionRefusedError()], log.catch_up
    done = asyncio.Event()

    async def catch_up() -> int:
        if failures:
            raise failures.pop()
        found = await look()
        done.set()
        return found

    monkeypatch.setattr(log, "catch_up", catch_up)
    await tick(harness)
    running = asyncio.create_task(log.background())
    async with asyncio.timeout(10):
        await done.wait()
    running.cancel()
    assert (await newest(harness)).size == 1


async def test_the_gateway_cannot_write_the_log_or_a_signature(database: Database) -> None:
    for service in ("api", "operator", "gatekeeper", "monitor"):
        login = await database.of(service)
        for table in ("log_entries", "log_checkpoints", "model_signatures", "signing_keys"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await login.execute(f"insert into {table} default values")
    trainer = await database.of("trainer")
    for table in ("log_entries", "log_checkpoints"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await trainer.execute(f"insert into {table} default values")
