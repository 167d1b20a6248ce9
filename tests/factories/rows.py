"""The smallest legal row of some tables, so that a test names only its own subject."""

from datetime import UTC, datetime
from typing import Any

from shared.database.pool import Connection

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
ETH = 10**18


async def insert(connection: Connection, table: str, *, returning: str = "null", **values: Any) -> Any:
    """Insert a row; return the value of the expression `returning`."""
    columns = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    return await connection.fetchval(
        f"insert into {table} ({columns}) values ({places}) returning {returning}", *values.values()
    )


async def an_event(connection: Connection, **given: Any) -> int:
    values = {
        "block": 1, "tx_index": 0, "log_index": 0, "tx_hash": "0x1", "event_time": NOW, "known_at": NOW,
        "punk_id": 0, "event_type": "listed", "price_wei": ETH,
    } | given  # fmt: skip
    return await insert(connection, "market_events", returning="seq", **values)


async def a_sale_by(connection: Connection, event_seq: int, **given: Any) -> None:
    """The sale of this event."""
    values = {
        "event_seq": event_seq, "block": 1, "log_index": 0, "tx_hash": "0x1", "event_time": NOW, "punk_id": 0,
        "price_wei": ETH, "kind": "buy", "valid": True,
    } | given  # fmt: skip
    await insert(connection, "sales", **values)


async def a_generation_of(connection: Connection, model_id: str, snapshot_id: str, **given: Any) -> int:
    values = {
        "role": "champion", "model_id": model_id, "snapshot_id": snapshot_id, "as_of": NOW, "published_at": NOW,
        "row_count": 1, "floor_wei": 40 * ETH, "last_block": 0, "values_sha256": "v", "merkle_root": "m",
    } | given  # fmt: skip
    return await insert(connection, "generations", returning="generation_id", **values)


async def an_outcome(connection: Connection, event_seq: int, model_id: str, generation: int, **given: Any) -> None:
    values = {
        "event_seq": event_seq, "model_id": model_id, "horizon": "latest", "track": "champion",
        "generation_id": generation, "value_wei": ETH, "price_wei": ETH, "floor_wei": ETH, "log_error": 0.0,
        "in50": True, "in80": True, "in90": True, "scored_at": NOW,
    } | given  # fmt: skip
    await insert(connection, "outcomes", **values)
