"""Live asks, judged: once for each view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.api.deals.ranking import Judgement, Offer, Prior, judge, learn
from services.api.view.generation import Generation
from services.api.view.market import Market
from shared.units import ETH

PROBABILITY_UNIT: Final = 10**9
"""Deals are ranked by whole billionths, so that cursors are exact."""


@dataclass(frozen=True)
class JudgedAsk:
    """`rank` is what deals are sorted by: the probability in billionths, and the punk."""

    punk_id: int
    offer: Offer
    judgement: Judgement

    @property
    def rank(self) -> tuple[int, int]:
        return round(self.judgement.probability * PROBABILITY_UNIT), self.punk_id


@dataclass(frozen=True)
class JudgedAsks:
    """All live asks, the most probable deals first."""

    prior: Prior
    asks: Sequence[JudgedAsk]


def judged(generation: Generation, market: Market) -> JudgedAsks:
    """The asks of a market by the values of a generation."""
    rows = (generation.row(punk) for punk in market.asks if punk in generation)
    offers = {
        row.punk_id: Offer(
            ask_eth=market.asks[row.punk_id] / ETH,
            value_eth=int(row.value_wei) / ETH,
            lo80_eth=int(row.lo80_wei) / ETH,
            hi80_eth=int(row.hi80_wei) / ETH,
        )
        for row in rows
    }
    prior = learn(list(offers.values()))
    asks = [JudgedAsk(punk, offer, judge(offer, prior)) for punk, offer in offers.items()]
    return JudgedAsks(prior, sorted(asks, key=lambda ask: ask.rank, reverse=True))
