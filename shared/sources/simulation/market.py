"""The simulated market: generates events, punks and ETH/USD closes from a seed."""

from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from shared.errors import InvalidInputError
from shared.market.events import validate
from shared.market.reference_data import ETH_USD_SCHEMA, validate_eth_usd, validate_punks
from shared.market.traits import PUNKS
from shared.sources.recorded import RecordedMarket
from shared.sources.simulation import bidders, buyers, oddities, sellers
from shared.sources.simulation.climate import Climate
from shared.sources.simulation.day import Day
from shared.sources.simulation.frames import events_frame
from shared.sources.simulation.ledger import Ledger
from shared.sources.simulation.punks import draw_punks
from shared.sources.simulation.values import Values

MOST_ASSETS: Final = 1_000_000
_HOLDERS_SHARE: Final = 0.4
"""Holders per punk."""
_CLAIM_BLOCKS, _FIRST_TRADES = 600, 1_000
"""On the first day, all punks are claimed in the first blocks; trade begins later."""
_CLOSES_BEFORE: Final = 7
_JUMP: Final = -0.4
"""Log change of the floor at a regime break."""


# Buyers come before sellers, so that sold punks are not repriced on the same day.
_ACTORS: Final = (
    *(sellers.list_fresh, sellers.reprice, sellers.delist),
    *(bidders.bid_dust, bidders.bid_on_floor_punks, bidders.bid_on_traits, bidders.withdraw),
    *(oddities.move, oddities.deal_privately, oddities.wash, oddities.sell_to_oneself, oddities.borrow_and_buy),
)


def generate(
    *,
    seed: int,
    began: datetime,
    days: int,
    assets: int = PUNKS,
    regime_break: date | None = None,
    storm: date | None = None,
) -> RecordedMarket:
    """A market of `assets` punks from midnight `began` (UTC) on. A longer market begins with the bytes of a shorter
    one.

    Args:
        assets: more than 10,000 punks serve measurements in memory; the platform's tables refuse them.
        regime_break: from this day on, the floor is a third lower and other accessories are in demand.
        storm: on this day, hundreds of punks are sold for 0 wei.

    Raises:
        InvalidInputError: `assets` is not from 10,000 to `MOST_ASSETS`.
    """
    if not PUNKS <= assets <= MOST_ASSETS:
        raise InvalidInputError(f"assets must be from {PUNKS} to {MOST_ASSETS}, not {assets}")
    # One stream per part, so that a longer market continues a shorter one of the same seed.
    streams = [np.random.Generator(np.random.PCG64(child)) for child in np.random.SeedSequence(seed).spawn(5)]
    break_day = None if regime_break is None else (regime_break - began.date()).days
    punks = draw_punks(streams[0], assets)
    climate = Climate.draw(streams[1], days, jump_day=break_day, jump=_JUMP)
    values = Values(streams[2], punks, climate, break_day=break_day)
    holders = 2 * round(_HOLDERS_SHARE * assets / 2)
    ledger = Ledger(assets, holders)
    for number in range(days):
        values.start(number)
        day = Day(number, streams[3], ledger, values, punks, first_block=0 if number else _FIRST_TRADES)
        if number == 0:
            everything = np.arange(assets)
            ledger.claim(everything, everything * _CLAIM_BLOCKS // assets, day.somebody(assets))
            sellers.open_book(day)
        if day.floor:
            buyers.trade(day, float(climate.activity[number]))
        for act in _ACTORS:
            act(day)
        if storm == began.date() + timedelta(days=number):
            oddities.storm(day)
    events = events_frame(ledger.log(), seed=seed, holders=holders, began=began, rng=streams[4])
    return RecordedMarket(
        events=validate(events, "simulated market", punk_count=assets),
        punks=validate_punks(punks.frame(), "simulated punks", punk_count=assets),
        eth_usd=validate_eth_usd(_closes(climate, began), "simulated ETH/USD"),
    )


def _closes(climate: Climate, began: datetime) -> pl.DataFrame:
    """A close for every day, and the first close for the week before."""
    closes = np.round(np.exp(climate.log_eth_usd), 2)
    closes = np.concatenate([np.full(_CLOSES_BEFORE, closes[0]), closes])
    first = began.date() - timedelta(days=_CLOSES_BEFORE)
    return pl.DataFrame(
        {"date": [first + timedelta(days=day) for day in range(len(closes))], "eth_usd": closes}, schema=ETH_USD_SCHEMA
    )
