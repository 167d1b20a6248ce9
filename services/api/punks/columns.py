"""All punks as columns, so that a page can show, filter and sort them without further requests."""

from services.api.punks.schemas import Columns, ColumnsDocument
from services.api.view.current import View
from shared.units import ETH

DIGITS = 6


def columns(view: View) -> ColumnsDocument:
    """Made in a thread, once for each view."""
    values = list(view.generation.rows())
    punks = [view.catalogue.punks.get(row.punk_id) for row in values]
    types = sorted({row.type for row in punks if row})
    skins = sorted({row.skin for row in punks if row and row.skin})
    traits = sorted({trait for row in punks if row for trait in row.accessories})
    place = {name: number for number, name in enumerate(traits)}
    rows = [view.market.rows.get(row.punk_id) for row in values]
    return ColumnsDocument(
        generation=view.generation.document,
        market_as_of=view.market.as_of,
        count=len(punks),
        types=types,
        skins=skins,
        traits=traits,
        columns=Columns(
            punk_id=[row.punk_id for row in values],
            type=[types.index(row.type) if row else None for row in punks],
            skin=[skins.index(row.skin) if row and row.skin else None for row in punks],
            traits=[[place[trait] for trait in row.accessories] if row else [] for row in punks],
            value_eth=[_eth(row.value_wei) for row in values],
            lo80_eth=[_eth(row.lo80_wei) for row in values],
            hi80_eth=[_eth(row.hi80_wei) for row in values],
            ask_eth=[_eth(row.ask_wei) if row and row.ask_wei else None for row in rows],
            bid_eth=[_eth(row.bid_wei) if row and row.bid_wei else None for row in rows],
            last_sale_eth=[_eth(row.sale_wei) if row and row.sale_wei else None for row in rows],
            confidence="".join(row.confidence for row in values),
        ),
    )


def _eth(wei: str) -> float:
    """Six significant digits."""
    return float(f"{int(wei) / ETH:.{DIGITS}g}")
