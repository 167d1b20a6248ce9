"""The terms of a backtest."""

from dataclasses import dataclass
from typing import Final

from shared.errors import InvalidInputError
from shared.units import ETH

WHOLE: Final = 10_000
"""Shares are in basis points, so that every comparison of amounts is one of integers."""


@dataclass(frozen=True)
class Terms:
    """Chosen before any result was seen, and the same for every book that pays costs.

    Attributes:
        margin_bps: an ask is bought when it is at most value x (1 - margin).
        latency: nowcasts between the decision and the arrival of its order. An order arrives when the `latency`-th
            nowcast after that of its decision was published.
        buy_gas_wei, sell_gas_wei: gas of one purchase; and of one offer, sale and withdrawal together.
        sell_fee_bps: share of the price; the contract itself takes none.
        capital_wei: of each book that has a limit.
        largest_bps: largest share of equity (at cost) in one purchase.
        seed: of the random entries and the bootstrap.
        block_days, resamples: of the bootstrap.
    """

    margin_bps: int = 1_000
    latency: int = 1
    buy_gas_wei: int = 5 * ETH // 1_000
    sell_gas_wei: int = 5 * ETH // 1_000
    sell_fee_bps: int = 0
    capital_wei: int = 1_000 * ETH
    largest_bps: int = 2_000
    seed: int = 7
    block_days: int = 14
    resamples: int = 1_000

    def __post_init__(self) -> None:
        rules = (
            ("margin_bps", 0 <= self.margin_bps < WHOLE),
            ("latency", 0 <= self.latency <= 1_000),
            ("buy_gas_wei", self.buy_gas_wei >= 0),
            ("sell_gas_wei", self.sell_gas_wei >= 0),
            ("sell_fee_bps", 0 <= self.sell_fee_bps < WHOLE),
            ("capital_wei", self.capital_wei > 0),
            ("largest_bps", 0 < self.largest_bps <= WHOLE),
            ("block_days", self.block_days >= 1),
            ("resamples", self.resamples >= 1),
        )
        broken = [name for name, holds in rules if not holds]
        if broken:
            raise InvalidInputError(f"the terms of a backtest: {', '.join(broken)} out of bounds")
