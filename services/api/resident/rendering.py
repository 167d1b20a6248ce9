"""Facts to JSON bytes, once per generation, market state or catalogue. Pure; runs in a worker thread.

A punk's answer is the concatenation stamp + generation head + market head + punk + value + market: each part
is rendered when it changes, and only then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from services.api.resident.facts import (
    Catalogue,
    Floor,
    Generation,
    GenerationFacts,
    Market,
    MarketFacts,
    PunkMarketRow,
    PunkRow,
    SaleRow,
)
from services.api.resident.values import ValueMembers, ValueRow
from shared.units import ETH

NO_MARKET = b'"ask":null,"bid":null,"last_sale":null,"owner":null,"owner_since":null'
DEPTH_PERCENT = (0, 1, 2, 5, 10, 20, 50, 100)
HIGHEST_BIDS = 10
UNKNOWN_PUNK = b'"type":null,"skin":null,"traits":[],"trait_count":0'


def instant(at: datetime) -> str:
    """UTC, ISO 8601, with a Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def members(document: dict[str, object]) -> bytes:
    """A JSON object's inside."""
    return orjson.dumps(document)[1:-1]


def money_member(wei: int | str | None) -> dict[str, object] | None:
    if wei is None:
        return None
    return {"wei": str(wei), "eth": int(wei) / ETH}


def value_rows(lines: bytes) -> list[ValueRow]:
    """A generation's canonical lines, read."""
    rows = (line.split(",") for line in lines.decode().splitlines())
    return [ValueRow(int(punk), *rest) for punk, *rest in rows]


def render_generation(facts: GenerationFacts, rows: Sequence[ValueRow]) -> Generation:
    """Order the rows of a complete generation; what is made of them is made when it is asked for."""
    by_punk = sorted(row.punk_id for row in rows)
    wei = {row.punk_id: int(row.value_wei) for row in rows}
    head = b'"generation":{%b}' % members(
        {
            "generation_id": facts.generation_id,
            "model_id": facts.model_id,
            "snapshot_id": facts.snapshot_id,
            "as_of": instant(facts.as_of),
            "as_of_block": facts.last_block,
            "published_at": instant(facts.published_at),
            "floor": money_member(facts.floor_wei),
            "values_sha256": facts.values_sha256,
            "merkle_root": facts.merkle_root,
        }
    )
    return Generation(
        facts=facts,
        head=head,
        rows=sorted(rows, key=lambda row: row.punk_id),
        wei=wei,
        grades={row.punk_id: row.confidence for row in rows},
        values=ValueMembers(rows),
        by_value=sorted((value, punk) for punk, value in wei.items()),
        by_punk=by_punk,
        places={punk: place for place, punk in enumerate(by_punk)},
    )


def render_catalogue(rows: Sequence[PunkRow]) -> Catalogue:
    """Render the punks and collect the names that filters accept."""
    holders: dict[str, list[int]] = {}
    for row in rows:
        for trait in row.trait_ids:
            holders.setdefault(trait, []).append(row.punk_id)
    return Catalogue(
        punks={row.punk_id: row for row in rows},
        rendered={
            row.punk_id: members(
                {
                    "type": row.type,
                    "skin": row.skin,
                    "traits": list(row.accessories),
                    "trait_count": len(row.accessories),
                }
            )
            for row in rows
        },
        types={row.type.lower(): row.type for row in rows},
        traits={trait.lower(): trait for row in rows for trait in row.accessories},
        holders=holders,
    )


def render_market(facts: MarketFacts | None, sales: Sequence[SaleRow] = ()) -> Market:
    """Render the market; `None` is the market before its first event."""
    rows = facts.punks if facts else ()
    asks = {row.punk_id: int(row.ask_wei) for row in rows if row.ask_wei is not None}
    by_ask = sorted((wei, punk) for punk, wei in asks.items())
    floor = Floor(punk_id=by_ask[0][1], wei=by_ask[0][0]) if by_ask else None
    head = as_of_head(facts.last_block, facts.last_event_time) if facts else b'"market_as_of":null'
    return Market(
        facts=facts,
        asks=asks,
        by_ask=by_ask,
        rows={row.punk_id: row for row in rows},
        floor=floor,
        head=head,
        punks={row.punk_id: market_members(row) for row in rows},
        body=b"%b,%b" % (head, members(_market_document(facts, floor, by_ask))),
        sales=sales,
    )


def as_of_head(block: int, time: datetime) -> bytes:
    """The member that names the market's last event."""
    return b'"market_as_of":' + orjson.dumps({"block": block, "time": instant(time)})


def market_members(row: PunkMarketRow) -> bytes:
    """A punk's place in the market: JSON members."""
    ask = sale = bid = None
    if row.ask_wei is not None and row.ask_time is not None:
        ask = {
            "price": money_member(row.ask_wei),
            "seller": row.ask_seller,
            "since": instant(row.ask_time),
            "block": row.ask_block,
        }
    if row.bid_wei is not None and row.bid_time is not None:
        bid = {"price": money_member(row.bid_wei), "bidder": row.bidder, "since": instant(row.bid_time)}
    if row.sale_wei is not None and row.sale_time is not None:
        sale = {
            "price": money_member(row.sale_wei),
            "time": instant(row.sale_time),
            "kind": row.sale_kind,
            "valid": row.sale_valid,
            "seller": row.sale_seller,
            "buyer": row.sale_buyer,
            "tx_hash": row.sale_tx_hash,
        }
    return members(
        {
            "ask": ask,
            "bid": bid,
            "last_sale": sale,
            "owner": row.owner,
            "owner_since": instant(row.owner_since) if row.owner_since else None,
        }
    )


def _market_document(
    facts: MarketFacts | None, floor: Floor | None, by_ask: Sequence[tuple[int, int]]
) -> dict[str, object]:
    return {
        "floor": {"price": money_member(floor.wei), "punk_id": floor.punk_id} if floor else None,
        "asks": len(by_ask),
        "depth": depth(by_ask),
        "bids": _bids(facts.punks if facts else ()),
        "volumes": [
            {
                "days": volume.days,
                "sales": volume.sales,
                "valid_sales": volume.valid_sales,
                "volume": money_member(volume.wei),
            }
            for volume in (facts.volumes if facts else ())
        ],
        "eth_usd": {"close": facts.eth_usd, "date": facts.eth_usd_date}
        if facts and facts.eth_usd is not None
        else None,
    }


def depth(by_ask: Sequence[tuple[int, int]]) -> list[dict[str, object]]:
    """Asks up to so many percent above the lowest, and what all of them cost; empty without asks."""
    if not by_ask:
        return []
    steps: list[dict[str, object]] = []
    taken = amount = 0
    for percent in DEPTH_PERCENT:
        limit = by_ask[0][0] * (100 + percent) // 100
        while taken < len(by_ask) and by_ask[taken][0] <= limit:
            amount += by_ask[taken][0]
            taken += 1
        steps.append(
            {
                "above_floor_percent": percent,
                "price": money_member(limit),
                "asks": taken,
                "amount": money_member(amount),
            }
        )
    return steps


def _bids(rows: Sequence[PunkMarketRow]) -> dict[str, object]:
    standing = [(int(row.bid_wei), row) for row in rows if row.bid_wei is not None]
    standing.sort(key=lambda one: (-one[0], one[1].punk_id))
    return {
        "standing": len(standing),
        "amount": money_member(sum(wei for wei, _ in standing)),
        "highest": [
            {
                "punk_id": row.punk_id,
                "price": money_member(wei),
                "bidder": row.bidder,
                "since": instant(row.bid_time) if row.bid_time else None,
            }
            for wei, row in standing[:HIGHEST_BIDS]
        ],
    }
