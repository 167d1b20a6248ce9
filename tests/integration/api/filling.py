"""Fills a database the way the other services do, without them: punks, a champion, generations, events, outcomes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from shared.database.pool import Connection
from shared.merkle import canonical_line, merkle_levels

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
FLOOR_WEI = 40 * 10**18
NAMES = UUID("1b0f2f0e-6f57-4c1a-9a53-7a2f8c9f5d11")
TYPES = ("Male", "Female", "Zombie", "Ape", "Alien")
TRAITS = ("Hoodie", "Beanie", "Top Hat", "Pipe", "Earring", "Mohawk", "3D Glasses")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def model_id(number: int) -> str:
    return "m-" + digest(f"model {number}")[:16]


def value_wei(punk: int, shift: int = 0) -> int:
    """From the floor up, with many equal values, so that sorting by value has ties to break."""
    return FLOOR_WEI + (punk % 2500 + shift) * 10**16


async def fill_punks(connection: Connection, count: int) -> None:
    """The first `count` punks; punk n has n mod 5 traits (0 to 4), its type by n mod 5 as well."""
    rows = [
        (
            punk,
            TYPES[punk % 5],
            "Mid" if punk % 5 < 2 else None,
            [TRAITS[(punk + place) % 7] for place in range(punk % 5)],
        )
        for punk in range(count)
    ]
    await connection.copy_records_to_table("punks", records=rows)


async def fill_model(connection: Connection, number: int = 1, *, champion: bool = False) -> str:
    """A registered model; as champion it gets its decision and the pointer too."""
    identity = model_id(number)
    at = NOW - timedelta(days=30 - number)
    snapshots = [digest(f"{kind} snapshot {number}") for kind in ("training", "evaluation")]
    for kind, snapshot in zip(("training", "evaluation"), snapshots, strict=True):
        await fill_snapshot(connection, snapshot, kind=kind, as_of=at)
    request = uuid5(NAMES, f"request {number}")
    await connection.execute(
        """insert into training_requests (request_id, reason, requested_by, status, requested_at, finished_at,
               model_id)
           values ($1, $2, 'tests', 'succeeded', $3, $3, $4)""",
        request,
        f"model {number}",
        at,
        identity,
    )
    await connection.execute(
        """insert into models (model_id, artifact_key, artifact_sha256, artifact_bytes, artifact_format,
               xgboost_version, git_sha, git_dirty, environment_hash, training_snapshot, evaluation_snapshot,
               data_cutoff, training_rows, feature_schema, params, seed, report, training_request, registered_at)
           values ($1, $2, $3, 1000, 'json', '3.0', 'abc', false, 'env', $4, $5, $6, 20000, 'f1', '{"max_depth": 6}', 7,
               '{"trees": 400}', $7, $6)""",
        identity,
        f"models/{identity}.json",
        digest(f"artifact {number}"),
        *snapshots,
        at,
        request,
    )
    if champion:
        await _crown(connection, identity, at)
    return identity


async def _crown(connection: Connection, identity: str, at: datetime) -> None:
    decision = uuid5(NAMES, f"decision {identity}")
    await connection.execute(
        """insert into decisions (decision_id, kind, subject_model, verdict, action, policy_hash, evidence_hash,
               evidence, actor, reason, expected_generation, decided_at)
           values ($1, 'gate', $2, 'pass', 'promote', 'p', $3, $4, 'policy', 'first model', 0, $5)""",
        decision,
        identity,
        digest('{"n":250}'),
        '{"n":250}',
        at,
    )
    await connection.execute(
        """insert into gate_evidence (decision_id, check_name, verdict, estimate, interval_lo, interval_hi, n,
               threshold)
           values ($1, 'beats_floor', 'pass', -0.05, -0.07, -0.03, 250, 0)""",
        decision,
    )
    await connection.execute("update models set state = 'evaluated' where model_id = $1", identity)
    await connection.execute("update models set state = 'champion' where model_id = $1", identity)
    await connection.execute(
        "insert into model_pointer (model_id, generation, decision_id, moved_at) values ($1, 1, $2, $3)",
        identity,
        decision,
        at,
    )


async def fill_snapshot(connection: Connection, snapshot: str, *, kind: str, as_of: datetime) -> None:
    await connection.execute(
        """insert into snapshots (snapshot_id, kind, as_of, last_event_seq, last_block, row_count, feature_schema,
               created_at)
           values ($1, $2, $3, 1, 22000000, 10000, 'f1', $3)""",
        snapshot,
        kind,
        as_of,
    )


async def publish(
    connection: Connection,
    model: str,
    *,
    as_of: datetime = NOW,
    shift: int = 0,
    punks: Iterable[int] | None = None,
    row_count: int | None = None,
    move: bool = True,
    value: Callable[[int, int], int] = value_wei,
    role: str = "champion",
    merkle_root: str | None = None,
) -> int:
    """A generation of `punks` (default: all there are) in one transaction; `row_count` may lie about how many."""
    async with connection.transaction():
        snapshot = digest(f"nowcast {model} {as_of}")
        await fill_snapshot(connection, snapshot, kind="nowcast", as_of=as_of)
        if punks is None:
            punks = [row["punk_id"] for row in await connection.fetch("select punk_id from punks")]
        members = sorted(punks)
        values = [valued(punk, value(punk, shift)) for punk in members]
        lines = "\n".join(canonical_line(punk, list(map(str, wei)), grade.decode()) for punk, wei, grade in values)
        generation: int = await connection.fetchval(
            """insert into generations (role, model_id, snapshot_id, as_of, published_at, row_count, floor_wei,
                   last_block, values_sha256, merkle_root)
               values ($9, $1, $2, $3, $4, $5, $6, 22000000, $7, $8) returning generation_id""",
            model,
            snapshot,
            as_of,
            as_of + timedelta(seconds=2),
            len(members) if row_count is None else row_count,
            FLOOR_WEI,
            digest(f"{lines}\n"),
            merkle_root or merkle_levels(lines.encode())[-1][0].hex(),
            role,
        )
        rows = [(generation, punk, *wei, grade) for punk, wei, grade in values]
        await connection.copy_records_to_table("nowcasts", records=rows)
        if move:
            await connection.execute(
                """insert into nowcast_pointer (generation_id, moved_at) values ($1, $2)
                   on conflict (only_row) do update set generation_id = $1, moved_at = $2""",
                generation,
                as_of,
            )
    return generation


def valued(punk: int, middle: int) -> tuple[int, tuple[int, ...], bytes]:
    """A punk, its value with the bounds of the intervals (wei, in the order of the table), its grade."""
    low, high = (
        [middle - middle * part // 100 for part in (3, 8, 12)],
        [middle + middle * part // 100 for part in (3, 9, 14)],
    )
    return punk, (middle, low[0], high[0], low[1], high[1], low[2], high[2]), b"ABCD"[punk % 4 :][:1]


async def remove_values(connection: Connection, generation: int) -> None:
    """What retention does to an old generation."""
    await connection.execute("delete from nowcasts where generation_id = $1", generation)


@dataclass(frozen=True)
class Happening:
    """A market event in short; `hours` before NOW."""

    type: str
    punk: int
    hours: float
    eth: float | None = None
    seller: str | None = None
    buyer: str | None = None
    exclusion: str | None = None


async def happen(connection: Connection, happenings: Sequence[Happening], *, first_block: int = 21_000_000) -> None:
    """Append events, one block each, in the order given; sales get their row in `sales`."""
    for place, event in enumerate(happenings):
        at = NOW - timedelta(hours=event.hours)
        wei = round(event.eth * 10**9) * 10**9 if event.eth is not None else None
        tx_hash = "0x" + digest(f"{first_block + place}")
        seq = await connection.fetchval(
            """insert into market_events (block, tx_index, log_index, tx_hash, event_time, known_at, punk_id,
                   event_type, price_wei, from_address, to_address, sale_kind)
               values ($1, 0, 5, $2, $3, $3, $4, $5, $6, $7, $8, $9) returning seq""",
            first_block + place,
            tx_hash,
            at,
            event.punk,
            event.type,
            wei,
            event.seller,
            event.buyer,
            "buy" if event.type == "sale" else None,
        )
        if event.type == "sale":
            await connection.execute(
                """insert into sales (event_seq, block, log_index, tx_hash, event_time, punk_id, price_wei, seller,
                       buyer, kind, valid, exclusion, floor_wei)
                   values ($1, $2, 5, $3, $4, $5, $6, $7, $8, 'buy', $9, $10, $11)""",
                seq,
                first_block + place,
                tx_hash,
                at,
                event.punk,
                wei,
                event.seller,
                event.buyer,
                event.exclusion is None,
                event.exclusion,
                FLOOR_WEI,
            )


async def score(
    connection: Connection, *, generation: int, model: str, punk: int, value_eth: float, horizon: str = "latest"
) -> None:
    """An outcome of the champion track for the newest sale of `punk`."""
    sale = await connection.fetchrow(
        "select event_seq, price_wei from sales where punk_id = $1 order by event_seq desc limit 1", punk
    )
    await connection.execute(
        """insert into outcomes (event_seq, model_id, horizon, track, generation_id, value_wei, price_wei, floor_wei,
               log_error, in50, in80, in90, scored_at)
           values ($1, $2, $3, 'champion', $4, $5, $6, $7, $9, false, true, true, $8)""",
        sale["event_seq"],
        model,
        horizon,
        generation,
        round(value_eth * 10**9) * 10**9,
        sale["price_wei"],
        FLOOR_WEI,
        NOW,
        math.log(value_eth * 10**18 / float(sale["price_wei"])),
    )
