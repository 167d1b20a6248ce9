"""Facts to JSON bytes, once per generation, market state or catalogue. Pure; runs in a worker thread.

A punk's answer is the concatenation stamp + generation head + market head + punk + value + market: each part
is rendered when it changes, and only then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from services.api.money import WEI_PER_ETH, money_json
from services.api.resident.facts import (
    Catalogue,
    Floor,
    Generation,
    GenerationFacts,
    Market,
    MarketFacts,
    PunkMarketRow,
    PunkRow,
    ValueRow,
)

ZERO_ADDRESS = "0x" + "0" * 40
NO_MARKET = b'"ask":null,"last_sale":null,"owner":null,"owner_since":null'
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
    return {"wei": str(wei), "eth": int(wei) / WEI_PER_ETH}


def render_generation(facts: GenerationFacts, rows: Sequence[ValueRow]) -> Generation:
    """Order and render the rows of a complete generation."""
    values = {row.punk_id: _value(row) for row in rows}
    by_punk = sorted(values)
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
    punks = b",".join(b'{"punk_id":%d,%b}' % (punk, values[punk]) for punk in by_punk)
    return Generation(
        facts=facts,
        head=head,
        values=values,
        by_value=sorted((int(row.value_wei), row.punk_id) for row in rows),
        by_punk=by_punk,
        body=b'%b,"count":%d,"punks":[%b]}' % (head, len(rows), punks),
    )


def _value(row: ValueRow) -> bytes:
    m = money_json
    return (
        f'"value":{m(row.value_wei)},"intervals":{{'
        f'"50":{{"lo":{m(row.lo50_wei)},"hi":{m(row.hi50_wei)}}},'
        f'"80":{{"lo":{m(row.lo80_wei)},"hi":{m(row.hi80_wei)}}},'
        f'"90":{{"lo":{m(row.lo90_wei)},"hi":{m(row.hi90_wei)}}}}},'
        f'"confidence":"{row.confidence}"'
    ).encode()


def render_catalogue(rows: Sequence[PunkRow]) -> Catalogue:
    """Render the punks and collect the names that filters accept."""
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
    )


def render_market(facts: MarketFacts | None) -> Market:
    """Render the market; `None` is the market before its first event."""
    rows = facts.punks if facts else ()
    asks = [(int(row.ask_wei), row.punk_id) for row in rows if row.ask_wei is not None]
    lowest = min(asks, default=None)
    floor = Floor(punk_id=lowest[1], wei=lowest[0]) if lowest else None
    as_of = {"block": facts.last_block, "time": instant(facts.last_event_time)} if facts else None
    head = b'"market_as_of":' + orjson.dumps(as_of)
    return Market(
        facts=facts,
        asks=len(asks),
        floor=floor,
        head=head,
        punks={row.punk_id: _market_members(row) for row in rows},
        body=b"%b,%b" % (head, members(_market_document(facts, floor, len(asks)))),
    )


def _market_members(row: PunkMarketRow) -> bytes:
    ask = sale = None
    if row.ask_wei is not None and row.ask_time is not None:
        ask = {
            "price": money_member(row.ask_wei),
            "seller": row.ask_seller,
            "since": instant(row.ask_time),
            "block": row.ask_block,
        }
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
            "last_sale": sale,
            "owner": row.owner,
            "owner_since": instant(row.owner_since) if row.owner_since else None,
        }
    )


def _market_document(facts: MarketFacts | None, floor: Floor | None, asks: int) -> dict[str, object]:
    return {
        "floor": {"price": money_member(floor.wei), "punk_id": floor.punk_id} if floor else None,
        "asks": asks,
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
