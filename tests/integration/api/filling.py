"""Fills a database the way the other services do, without them: punks, a champion, generations, events, outcomes."""

import hashlib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from shared.database.pool import Connection
from shared.evaluation.checks import Check
from shared.evaluation.policy import load_policy
from shared.merkle import canonical_line, merkle_levels
from shared.registry import decisions, models, pointer
from tests.factories import registry
from tests.factories.rows import NOW, a_generation_of, a_sale_by, an_event, an_outcome

FLOOR_WEI = 40 * 10**18
NAMES = UUID("1b0f2f0e-6f57-4c1a-9a53-7a2f8c9f5d11")
TYPES = ("Male", "Female", "Zombie", "Ape", "Alien")
TRAITS = ("Hoodie", "Beanie", "Top Hat", "Pipe", "Earring", "Mohawk", "3D Glasses")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def model_id(number: int) -> str:
    return registry.model_id(f"model {number}")


def value_wei(punk: int, shift: int = 0) -> int:
    """From the floor up, with many equal values, so that sorting by value has ties to break."""
    return FLOOR_WEI + (punk % 2500 + shift) * 10**16


async def fill_punks(connection: Connection, count: int) -> None:
    """The first `count` punks; punk n has n mod 5 traits (0 to 4), its type by n mod 5 as well."""
    accessories = [[TRAITS[(punk + place) % 7] for place in range(punk % 5)] for punk in range(count)]
    rows = [(punk, TYPES[punk % 5], "Mid" if punk % 5 < 2 else None, accessories[punk]) for punk in range(count)]
    await connection.copy_records_to_table("punks", records=rows)


async def fill_model(connection: Connection, number: int = 1, *, champion: bool = False) -> str:
    """A registered model; as champion it gets its decision and the pointer too."""
    name, at = f"model {number}", NOW - timedelta(days=30 - number)
    record = await registry.contender(connection, name, at, params={"max_depth": 6})
    await connection.execute(
        "update training_requests set status = 'succeeded', finished_at = $2, model_id = $3 where request_id = $1",
        record.training_request,
        at,
        record.model_id,
    )
    if champion:
        decision = replace(registry.decision(name, at, generation=0), evidence='{"n":250}')
        check = Check("beats_floor", "pass", -0.05, -0.07, -0.03, 250, 0.0)
        await decisions.record(connection, decision, [check], load_policy())
        await models.transition(connection, record.model_id, expected="registered", to="evaluated")
        await pointer.promote(connection, decision)
    return record.model_id


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
        snapshot = await registry.snapshot(connection, f"nowcast {model} {as_of}", "nowcast", as_of)
        if punks is None:
            punks = [row["punk_id"] for row in await connection.fetch("select punk_id from punks")]
        members = sorted(punks)
        values = [valued(punk, value(punk, shift)) for punk in members]
        lines = "\n".join(canonical_line(punk, list(map(str, wei)), grade.decode()) for punk, wei, grade in values)
        facts = {
            "role": role, "as_of": as_of, "published_at": as_of + timedelta(seconds=2), "last_block": 22_000_000,
            "row_count": len(members) if row_count is None else row_count, "floor_wei": FLOOR_WEI,
            "values_sha256": digest(f"{lines}\n"),
            "merkle_root": merkle_root or merkle_levels(lines.encode())[-1][0].hex(),
        }  # fmt: skip
        generation = await a_generation_of(connection, model, snapshot, **facts)
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


async def happen(
    connection: Connection, *happenings: Happening, first_block: int = 21_000_000, known_at: datetime | None = None
) -> None:
    """Append events, one block each, in the order given; sales get their row in `sales`. They are history unless
    `known_at` is given."""
    for block, event in enumerate(happenings, start=first_block):
        at, seller, buyer = NOW - timedelta(hours=event.hours), event.seller, event.buyer
        known = {
            "block": block, "log_index": 5, "tx_hash": "0x" + digest(f"{block}"), "event_time": at,
            "punk_id": event.punk, "price_wei": None if event.eth is None else round(event.eth * 10**9) * 10**9,
        }  # fmt: skip
        kinds = {
            "event_type": event.type,
            "sale_kind": "buy" if event.type == "sale" else None,
            "known_at": known_at or at,
        }
        seq = await an_event(connection, **known, **kinds, from_address=seller, to_address=buyer)
        if event.type == "sale":
            judged = {"valid": event.exclusion is None, "exclusion": event.exclusion, "floor_wei": FLOOR_WEI}
            await a_sale_by(connection, seq, **known, **judged, seller=seller, buyer=buyer)


async def score(
    connection: Connection, *, generation: int, model: str, punk: int, value_eth: float, horizon: str = "latest"
) -> None:
    """An outcome of the champion track for the newest sale of `punk`."""
    sale = await connection.fetchrow(
        "select event_seq, price_wei from sales where punk_id = $1 order by event_seq desc limit 1", punk
    )
    outcome = {
        "horizon": horizon, "value_wei": round(value_eth * 10**9) * 10**9, "price_wei": sale["price_wei"],
        "floor_wei": FLOOR_WEI, "log_error": math.log(value_eth * 10**18 / float(sale["price_wei"])), "in50": False,
    }  # fmt: skip
    await an_outcome(connection, sale["event_seq"], model, generation, **outcome)
