"""All live asks, ranked by the probability that the punk is worth more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.api.view.current import View
from services.api.view.generation import Generation
from services.api.view.market import Market
from shared.market.deal_odds import Judgement, Offer, Prior, judge, learn

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


async def judged_asks(view: View, generation: Generation) -> JudgedAsks:
    """The view's asks by the values of a generation."""
    name = f"judged {generation.record.generation_id}"
    return await view.memo.get(name, lambda: _judged(generation, view.market))


def _judged(generation: Generation, market: Market) -> JudgedAsks:
    """The asks of a market by the values of a generation."""
    rows = (generation.row(punk) for punk in market.asks if punk in generation)
    offers = {
        row.punk_id: Offer.of_wei(
            ask=market.asks[row.punk_id],
            value=int(row.value_wei),
            lo80=int(row.lo80_wei),
            hi80=int(row.hi80_wei),
        )
        for row in rows
    }
    prior = learn(list(offers.values()))
    asks = [JudgedAsk(punk, offer, judge(offer, prior)) for punk, offer in offers.items()]
    return JudgedAsks(prior, sorted(asks, key=lambda ask: ask.rank, reverse=True))
