"""Documents of punks: catalogue, value and market put together."""

from datetime import datetime
from typing import Any

from services.api.money import money
from services.api.punks.schemas import PunkDocument, PunkEntry
from services.api.schemas import Interval, MarketAsOf
from services.api.view.catalogue import Catalogue
from services.api.view.current import View
from services.api.view.explanation import EARLIER, SOON
from services.api.view.generation import Generation
from services.api.view.market import ask_of, bid_of, last_sale_of
from services.api.view.records import PunkMarketRow, ValueRow


def value_fields(row: ValueRow) -> dict[str, Any]:
    """Fields of a `Valued`."""
    return {
        "value": money(row.value_wei),
        "intervals": {
            "50": Interval(lo=money(row.lo50_wei), hi=money(row.hi50_wei)),
            "80": Interval(lo=money(row.lo80_wei), hi=money(row.hi80_wei)),
            "90": Interval(lo=money(row.lo90_wei), hi=money(row.hi90_wei)),
        },
        "confidence": row.confidence,
    }


def entry_fields(catalogue: Catalogue, row: ValueRow, market: PunkMarketRow | None) -> dict[str, Any]:
    """Fields of a `PunkEntry`. `market` is None for a punk without events."""
    punk = catalogue.punks.get(row.punk_id)
    ask = ask_of(market)
    return value_fields(row) | {
        "punk_id": row.punk_id,
        "type": punk.type if punk else None,
        "skin": punk.skin if punk else None,
        "traits": list(punk.accessories) if punk else [],
        "trait_count": len(punk.accessories) if punk else 0,
        "ask": ask,
        "bid": bid_of(market),
        "last_sale": last_sale_of(market),
        "owner": market.owner if market else None,
        "owner_since": market.owner_since if market else None,
        "discount": None if ask is None else round(1.0 - int(ask.price.wei) / int(row.value_wei), 6),
    }


def entry(view: View, generation: Generation, punk: int) -> PunkEntry:
    """As of the view's market; `generation` may be an earlier one."""
    return PunkEntry(**entry_fields(view.catalogue, generation.row(punk), view.market.rows.get(punk)))


def document(view: View, punk: int) -> PunkDocument:
    """A punk as it is shown now."""
    row, explanation = view.generation.row(punk), view.explanation
    reasons = SOON
    if explanation is not None:
        reasons = explanation.encoded_fields(punk, int(row.value_wei), view.generation.record.floor_wei)
    return PunkDocument(
        generation=view.generation.document,
        market_as_of=view.market.as_of,
        **entry_fields(view.catalogue, row, view.market.rows.get(punk)),
        **reasons,
    )


def document_then(
    catalogue: Catalogue,
    generation: Generation,
    punk: int,
    market: PunkMarketRow | None,
    last_event: tuple[int, datetime] | None,
) -> PunkDocument:
    """A punk as readers saw it earlier. `last_event`: block and time."""
    return PunkDocument(
        generation=generation.document,
        market_as_of=MarketAsOf(block=last_event[0], time=last_event[1]) if last_event else None,
        **entry_fields(catalogue, generation.row(punk), market),
        **EARLIER,
    )
