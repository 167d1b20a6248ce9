"""A punk's entry in an answer: catalogue, value and market, put together from what was rendered before."""

from __future__ import annotations

from services.api.resident.explanation import EARLIER, SOON
from services.api.resident.facts import Catalogue, Generation, View
from services.api.resident.rendering import NO_MARKET, UNKNOWN_PUNK


def entry(catalogue: Catalogue, generation: Generation, punk: int, market: bytes, ask: int | None) -> bytes:
    """JSON members of a `PunkEntry`. `market`: the punk's own members, `ask`: in wei."""
    return b'"punk_id":%d,%b,%b,%b,"discount":%b' % (
        punk,
        catalogue.rendered.get(punk, UNKNOWN_PUNK),
        generation.values[punk],
        market,
        b"null" if ask is None else b"%.6f" % (1.0 - ask / generation.wei[punk]),
    )


def listed_entry(view: View, generation: Generation, punk: int) -> bytes:
    """As of the view's market; `generation` may be an earlier one."""
    market = view.market
    return entry(view.catalogue, generation, punk, market.punks.get(punk, NO_MARKET), market.asks.get(punk))


def explanation(view: View, generation: Generation, punk: int) -> bytes:
    """JSON members that explain the value, and the closing brace."""
    explained = view.explained
    facts = generation.facts
    if explained is None or explained.generation_id != facts.generation_id:
        return SOON if generation is view.generation else EARLIER
    return explained.members(punk, generation.wei[punk], facts.floor_wei, view.catalogue.punks)


def punk_body(view: View, punk: int) -> bytes:
    """All of a `PunkDocument` behind its stamp."""
    return b"%b,%b,%b,%b" % (
        view.generation.head,
        view.market.head,
        listed_entry(view, view.generation, punk),
        explanation(view, view.generation, punk),
    )
