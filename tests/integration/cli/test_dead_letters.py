"""`punkcast dead-letters` on both brokers: what it shows, hands back and removes, and what a kill leaves."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import aio_pika
import pytest
from aio_pika.abc import AbstractConnection

from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested
from shared.messaging.amqp_message import ATTEMPT, FIRST_FAILED_AT, REASON, SERVICE
from shared.messaging.bus import Cut, DeadLetter
from shared.messaging.dead_letter_file import DeadLetterFile
from shared.messaging.rabbitmq import RabbitBus
from tests.factories.database import Database
from tests.factories.killed import is_killed
from tests.integration.cli.conftest import ran

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
REPLAY_KILLED_AFTER_THE_SECOND = """
import os, signal
from services.cli import dead_letter_commands
from services.cli.app import app

hand_back, handed = dead_letter_commands._hand_back, []

async def killing(platform, letter):
    await hand_back(platform, letter)
    handed.append(letter)
    if len(handed) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

dead_letter_commands._hand_back = killing
app(["dead-letters", "replay"])
"""


TICKS = [
    Envelope.wrap(IngestRequested(slot=AT), source="test", time=AT, message_id=UUID(int=number)) for number in range(4)
]
LETTERS = [
    *[DeadLetter(tick.encode(), "ingestor", "permanent: NotFoundError: gone", 1, AT) for tick in TICKS],
    DeadLetter(b"junk", "monitor", "malformed: not a CloudEvents envelope", 1, AT),
    DeadLetter(TICKS[0].encode(), "nobody", "retries used up after 4 attempts", 4, AT),
]


class Files:
    """The in-process broker: letters in a file of the home; what is handed back goes through the outbox."""

    def __init__(self, home: Path, database: Database) -> None:
        self._file, self._database = DeadLetterFile(home / "dead-letters.ndjson"), database

    async def put(self, letter: DeadLetter) -> None:
        self._file.append(letter)

    async def dead(self) -> set[bytes]:
        return {letter.body + letter.consumer.encode() for letter in self._file.read(100)}

    async def handed(self) -> list[bytes]:
        return [row["body"] for row in await self._database.rows("select body from outbox order by id")]


class Queues:
    """RabbitMQ: the dead-letter queue and the ingestor's queue."""

    def __init__(self, connection: AbstractConnection, prefix: str) -> None:
        self._connection, self._prefix = connection, prefix

    async def put(self, letter: DeadLetter) -> None:
        headers = {
            REASON: letter.reason, SERVICE: letter.consumer, ATTEMPT: letter.attempt, FIRST_FAILED_AT: AT.isoformat(),
        }  # fmt: skip
        copy = aio_pika.Message(letter.body, headers=headers, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        async with self._connection.channel() as channel:
            await channel.default_exchange.publish(copy, f"{self._prefix}.dead")

    async def dead(self) -> set[bytes]:
        return {body + consumer for body, consumer in await self._bodies("dead")}

    async def handed(self) -> list[bytes]:
        return [body for body, _ in await self._bodies("ingestor")]

    async def _bodies(self, name: str) -> list[tuple[bytes, bytes]]:
        """The bodies in a queue, which stay there, and their consumers."""
        async with self._connection.channel() as channel:
            queue, found = await channel.get_queue(f"{self._prefix}.{name}", ensure=False), []
            while (letter := await queue.get(fail=False)) is not None:
                found.append((letter.body, str(letter.headers.get(SERVICE)).encode()))
            return found


Letters = Files | Queues


@pytest.fixture(params=["memory", "rabbitmq"])
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str] | None:
    """URL and prefix of RabbitMQ; None for the in-process broker."""
    if request.param == "memory":
        return None
    url, prefix = request.getfixturevalue("amqp_url"), request.getfixturevalue("broker_prefix")
    monkeypatch.setenv("PUNKCAST_BROKER_URL", url)
    monkeypatch.setenv("PUNKCAST_BROKER_PREFIX", prefix)
    return url, prefix


@pytest.fixture
async def letters(
    broker: tuple[str, str] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: Database
) -> AsyncIterator[Letters]:
    """The letters of `LETTERS`, as a platform left them."""
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", database.url)
    if broker is None:
        filled: Letters = Files(tmp_path / "home", database)
        for letter in LETTERS:
            await filled.put(letter)
        yield filled
        return
    url, prefix = broker
    bus = RabbitBus(url, prefix)
    await bus.declare("ingestor", [IngestRequested])
    await bus.stop()
    async with await aio_pika.connect(url) as connection:
        filled = Queues(connection, prefix)
        for letter in LETTERS:
            await filled.put(letter)
        yield filled


def all_but(*left_out: DeadLetter) -> set[bytes]:
    return {letter.body + letter.consumer.encode() for letter in LETTERS if letter not in left_out}


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ("", LETTERS),
        ("show", LETTERS),
        ("--consumer monitor", LETTERS[4:5]),
        ("show --reason permanent:", LETTERS[:4]),
        (f"show --id {TICKS[1].id}", LETTERS[1:2]),
        ("show --consumer ingestor --limit 2", LETTERS[:2]),
        ("show --consumer trainer", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_letters_are_shown_as_the_options_say_and_stay(
    letters: Letters, options: str, shown: list[DeadLetter]
) -> None:
    result = await ran("dead-letters", *options.split())
    assert result.exit_code == 0
    rows = result.stdout.splitlines()[1:]
    for reason in {letter.reason for letter in LETTERS}:
        assert sum(reason in row for row in rows) == sum(letter.reason == reason for letter in shown)
    assert ("no dead letters" in result.stdout) == (not shown)
    assert await letters.dead() == all_but()


async def test_what_is_handed_back_leaves_and_the_rest_stays(letters: Letters) -> None:
    result = await ran("dead-letters", "replay", "--consumer", "ingestor", "--limit", "3")
    assert (result.exit_code, result.stdout) == (0, "3 dead letters handed back to their consumers\n")
    assert await letters.handed() == [tick.encode() for tick in TICKS[:3]]
    assert await letters.dead() == all_but(*LETTERS[:3])


async def test_a_letter_that_cannot_be_handed_back_is_kept_with_exit_code_1(letters: Letters) -> None:
    if isinstance(letters, Files):
        await letters.put(cut := DeadLetter(b"beginning", "ingestor", "malformed: large", 1, AT, Cut(9999, "0" * 64)))
        result = await ran("dead-letters", "replay", "--reason", "large")
        kept, why = cut, "1 kept: only the first 9 of 9999 bytes were kept"
    else:
        result = await ran("dead-letters", "replay", "--consumer", "nobody")
        kept, why = LETTERS[5], "1 kept: there is no queue of nobody"
    assert result.exit_code == 1
    assert "0 dead letters handed back" in result.stdout
    assert why in result.stderr
    assert kept.body + kept.consumer.encode() in await letters.dead()
    assert await letters.handed() == []


@pytest.mark.parametrize(("answer", "exit_code"), [("y\n", 0), ("n\n", 1), ("", 1)])
async def test_letters_are_removed_only_after_a_yes(letters: Letters, answer: str, exit_code: int) -> None:
    result = await ran("dead-letters", "purge", "--consumer", "monitor", answer=answer)
    assert result.exit_code == exit_code
    assert "Remove these dead letters for good?" in result.output
    assert await letters.dead() == (all_but(LETTERS[4]) if exit_code == 0 else all_but())


async def test_purge_removes_what_the_options_choose_without_a_question(letters: Letters) -> None:
    result = await ran("dead-letters", "purge", "--yes", "--reason", "permanent:", "--id", TICKS[2].id)
    assert (result.exit_code, result.stdout) == (0, "1 dead letters removed\n")
    assert await letters.dead() == all_but(LETTERS[2])
    assert (await ran("dead-letters", "purge", "--yes")).stdout == "5 dead letters removed\n"
    assert await letters.dead() == set()
    assert await letters.handed() == []


@pytest.mark.parametrize("options", ["--limit 0", "--id seven", "--consumer"])
async def test_options_that_cannot_be_meant_change_nothing(letters: Letters, options: str) -> None:
    for command in (("replay",), ("purge", "--yes")):
        assert (await ran("dead-letters", *command, *options.split())).exit_code == 2
    assert await letters.dead() == all_but()


async def test_a_replay_that_is_killed_loses_nothing_and_the_next_one_ends_it(letters: Letters) -> None:
    await is_killed(REPLAY_KILLED_AFTER_THE_SECOND)
    handed = set(await letters.handed())
    assert handed == {tick.encode() for tick in TICKS[:2]}
    assert await letters.dead() >= all_but(*LETTERS[:2])
    await ran("dead-letters", "replay", "--consumer", "ingestor")
    assert set(await letters.handed()) == {tick.encode() for tick in TICKS}
    assert await letters.dead() == all_but(*LETTERS[:4])
