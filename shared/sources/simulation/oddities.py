"""Events without relation to the market price, and events that only look like sales."""

from typing import Final

import numpy as np

from shared.sources.simulation.day import Day, price
from shared.sources.simulation.ledger import NOBODY

_TRANSFERS, _WRAPS, _UNWRAPS = 7.2, 2.1, 1.9
_CUSTODY: Final = 0.21
"""Moves into and out of vaults for 0 wei."""
_STORM: Final = 400.0
_LEFT_STANDING: Final = 0.15
"""Private offers without a buyer."""
_CHEAP: Final = 0.012
"""Sales to friends far below the floor."""
_WASHED: Final = 0.02
_TO_ONESELF: Final = 0.006
_FLASH_LOANS: Final = 0.003
_TO_OWN_ADDRESS: Final = 0.6
"""Share of the transfers to an address of the same owner."""


def move(day: Day) -> None:
    """Transfers, wraps and unwraps."""
    punks = day.unwrapped(day.count(_TRANSFERS))
    own = day.rng.random(len(punks)) < _TO_OWN_ADDRESS
    day.ledger.transfer(punks, day.blocks(len(punks)), np.where(own, day.second_address(punks), day.others(punks)))
    punks = day.unwrapped(day.count(_WRAPS))
    day.ledger.wrap(punks, day.blocks(len(punks)))
    wrapped = np.flatnonzero(day.ledger.wrapped_by != NOBODY)
    punks = day.take(day.rng.permutation(wrapped)[: day.count(_UNWRAPS)])
    day.ledger.unwrap(punks, day.blocks(len(punks)))


def deal_privately(day: Day) -> None:
    """Custody moves for 0 wei, sales to friends, and private offers without a buyer."""
    _move_for_nothing(day, day.count(_CUSTODY))
    punks = day.unlisted(day.count(_CHEAP))
    friends, blocks = day.others(punks), day.blocks(len(punks))
    favour = price(day.log_worth(punks, blocks) + np.log(day.rng.uniform(0.02, 0.4, len(punks))))
    day.deal(punks, blocks, favour, friends, minutes=10.0)
    punks = day.unlisted(day.count(_LEFT_STANDING))
    blocks = day.blocks(len(punks))
    asked = price(day.log_worth(punks, blocks) + day.rng.normal(0.0, 0.3, len(punks)))
    day.ledger.ask(punks, blocks, asked, day.others(punks))


def storm(day: Day) -> None:
    """Hundreds of punks go to vaults on one day."""
    _move_for_nothing(day, day.count(_STORM))


def _move_for_nothing(day: Day, count: int) -> None:
    punks = day.unlisted(count)
    vaults, blocks = day.others(punks), day.blocks(len(punks))
    day.deal(punks, blocks, np.zeros(len(punks), dtype=np.int64), vaults, minutes=10.0)


def wash(day: Day) -> None:
    """A punk goes to the owner's other address at one price, and comes back at another."""
    punks = day.unlisted(day.count(_WASHED))
    home, other = day.ledger.owner[punks], day.second_address(punks)
    blocks = day.blocks(len(punks))
    for buyers in (other, home):
        wanted = price(day.log_worth(punks, blocks) + day.rng.uniform(-0.05, 0.6, len(punks)))
        day.ledger.ask(punks, blocks, wanted, buyers)
        blocks = day.later(blocks, 10.0)
        day.ledger.buy(punks, blocks, buyers)
        blocks = day.later(blocks, 60.0)


def sell_to_oneself(day: Day) -> None:
    punks = day.unlisted(day.count(_TO_ONESELF))
    blocks = day.blocks(len(punks))
    day.ledger.ask(punks, blocks, price(day.log_worth(punks, blocks) + day.rng.uniform(0.0, 0.7, len(punks))))
    day.ledger.buy(punks, day.later(blocks, 20.0), day.ledger.owner[punks])


def borrow_and_buy(day: Day) -> None:
    """A flash loan: the punk is bought with borrowed money and returns, in one transaction."""
    punks = day.unlisted(day.count(_FLASH_LOANS))
    home, borrowers, blocks = day.ledger.owner[punks], day.others(punks), day.blocks(len(punks))
    within = day.ledger.begin(len(punks))
    day.ledger.ask(punks, blocks, price(np.log(day.rng.uniform(2e4, 1.3e5, len(punks)))), within=within)
    day.ledger.buy(punks, blocks, borrowers, within=within)
    day.ledger.transfer(punks, blocks, home, within=within)
