"""10,000 punks with a market and explained generations, whose values tell which generation they are of."""

from datetime import UTC, datetime, timedelta

import numpy as np

from shared.database.pool import Connection
from tests.factories.explained import explained
from tests.integration.api import filling

PUNKS = 10_000
ADDRESSES = ["0x" + filling.digest(f"holder {number}")[:40] for number in range(3000)]


async def fill(connection: Connection) -> str:
    """Punks, a champion, claims, sales, asks and bids; returns the champion."""
    await filling.fill_punks(connection, PUNKS)
    model = await filling.fill_model(connection, champion=True)
    generator = np.random.default_rng(7)
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    events, kinds = [], [("claim", PUNKS), ("sale", 6000), ("listed", 1400), ("bid", 1200)]
    for kind, count in kinds:
        punks = range(PUNKS) if kind == "claim" else generator.integers(0, PUNKS, count).tolist()
        for punk in punks:
            place = len(events)
            wei = None if kind == "claim" else (40 * 10**6 + int(generator.integers(0, 30 * 10**6))) * 10**12
            seller, buyer = ADDRESSES[place % 3000], ADDRESSES[(place * 7 + 1) % 3000]
            receiver = buyer if kind in ("claim", "sale") else None
            events.append(
                (10**7 + place, 0, 1, "0x" + filling.digest(str(place)), begin + timedelta(minutes=place),
                 begin + timedelta(minutes=place), punk, kind, wei, seller, receiver,
                 "buy" if kind == "sale" else None)
            )  # fmt: skip
    await connection.copy_records_to_table(
        "market_events",
        records=events,
        columns=["block", "tx_index", "log_index", "tx_hash", "event_time", "known_at", "punk_id", "event_type",
                 "price_wei", "from_address", "to_address", "sale_kind"],
    )  # fmt: skip
    await connection.execute(
        """insert into sales (event_seq, block, log_index, tx_hash, event_time, punk_id, price_wei, seller, buyer, kind,
               valid, floor_wei)
           select seq, block, log_index, tx_hash, event_time, punk_id, price_wei, from_address, to_address, 'buy', true,
               $1 from market_events where event_type = 'sale'""",
        filling.FLOOR_WEI,
    )
    return model


async def publish(connection: Connection, model: str, number: int, *, explain: bool) -> int:
    """The `number`th generation. Every value ends in the generation's id, in micro-ETH (modulo 1,000)."""
    following = 1 + (await connection.fetchval("select coalesce(max(generation_id), 0) from generations"))
    as_of = datetime.now(UTC) - timedelta(seconds=5) + timedelta(microseconds=number)
    generation = await filling.publish(
        connection, model, as_of=as_of, punks=range(PUNKS),
        value=lambda punk, _: (filling.value_wei(punk) // 10**15 * 1000 + following % 1000) * 10**12,
    )  # fmt: skip
    assert generation == following, "another writer took the number that is in the values"
    if explain:
        await connection.execute(
            "insert into explanations values ($1, $2, $3)", generation, as_of, explained(PUNKS, model).to_bytes()
        )
    return generation
