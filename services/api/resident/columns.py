"""All punks in columns: what a page needs to show, filter and sort 10,000 of them by itself."""

from __future__ import annotations

import orjson

from services.api.resident.facts import View
from shared.units import ETH

DIGITS = 6


def render(view: View) -> bytes:
    """A `ColumnsDocument` from after its stamp to its closing brace."""
    generation, market, catalogue = view.generation, view.market, view.catalogue
    punks = [catalogue.punks.get(row.punk_id) for row in generation.rows]
    types = sorted({row.type for row in punks if row})
    skins = sorted({row.skin for row in punks if row and row.skin})
    traits = sorted({trait for row in punks if row for trait in row.accessories})
    place = {name: number for number, name in enumerate(traits)}
    rows = [market.rows.get(row.punk_id) for row in generation.rows]
    columns = {
        "punk_id": [row.punk_id for row in generation.rows],
        "type": [types.index(row.type) if row else None for row in punks],
        "skin": [skins.index(row.skin) if row and row.skin else None for row in punks],
        "traits": [[place[trait] for trait in row.accessories] if row else [] for row in punks],
        "value_eth": [_eth(row.value_wei) for row in generation.rows],
        "lo80_eth": [_eth(row.lo80_wei) for row in generation.rows],
        "hi80_eth": [_eth(row.hi80_wei) for row in generation.rows],
        "ask_eth": [_eth(row.ask_wei) if row else None for row in rows],
        "bid_eth": [_eth(row.bid_wei) if row else None for row in rows],
        "last_sale_eth": [_eth(row.sale_wei) if row else None for row in rows],
        "confidence": "".join(row.confidence for row in generation.rows),
    }
    rest = {"count": len(punks), "types": types, "skins": skins, "traits": traits, "columns": columns}
    return b"%b,%b,%b" % (generation.head, market.head, orjson.dumps(rest)[1:])


def _eth(wei: str | None) -> float | None:
    """Six significant digits."""
    return None if wei is None else float(f"{int(wei) / ETH:.{DIGITS}g}")
