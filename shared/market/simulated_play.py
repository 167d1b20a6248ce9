"""One simulated market day after the other: who lists, reprices, bids, sells, moves and wraps what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import exp, log
from random import Random

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.reference_data import PUNK_COUNT
from shared.market.simulated_ledger import HOLDERS, Ledger, wei

Floats = npt.NDArray[np.float64]

SALES_A_DAY = (8, 12)
ACCEPTED_SHARE = 0.15
BUYERS_LIMIT = 0.12
"""Nobody pays more than this log ratio over what a punk is worth."""
_OPENING_DAYS, _OPENING_LISTINGS = 5, 150
_MEAN_PER_DAY = {
    "list": 19.0, "reprice": 14.0, "bid": 22.0, "withdraw": 9.0,
    "transfer": 6.0, "wrap": 1.6, "unwrap": 1.2, "private": 0.3, "cheap": 0.15, "self": 0.025,
}  # fmt: skip
_DELISTED_SHARE = 0.008
"""Of the standing asks, each day: it keeps the book at some 1,300 asks."""


@dataclass(frozen=True)
class Climate:
    """What moves all prices, each of shape (days + 1,): the log worth in ETH of the cheapest kind of punk at
    each midnight, and the factor on all premia that day."""

    log_floor: Floats
    premium_scale: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator, days: int) -> Climate:
        """A mean-reverting random walk around a level that jumps every one to three months."""
        floor, scale = np.empty(days + 1), np.empty(days + 1)
        level, wanted_scale, regime_ends = log(45.0), 1.0, 0
        floor_now, scale_now = level, wanted_scale
        for day in range(days + 1):
            if day >= regime_ends:
                regime_ends = day + int(rng.integers(30, 91))
                level = log(45.0) + float(np.clip(rng.normal(0.0, 0.25), -0.5, 0.5))
                wanted_scale = 1.0 + float(np.clip(rng.normal(0.0, 0.15), -0.3, 0.3))
            floor_now += 0.03 * (level - floor_now) + float(rng.normal(0.0, 0.016))
            scale_now += 0.05 * (wanted_scale - scale_now) + float(rng.normal(0.0, 0.006))
            floor[day], scale[day] = floor_now, scale_now
        return cls(floor, scale)


class Play:
    """The market in play: people act on the ledger according to what punks are worth that day."""

    def __init__(
        self,
        seed: int,
        rng: np.random.Generator,
        began: datetime,
        premium: Floats,
        climate: Climate,
        *,
        flash_loan_day: int,
    ) -> None:
        self._rng = rng
        self._random = Random(seed)
        self._ledger = Ledger(seed, began)
        self._premium = premium
        self._climate = climate
        self._flash_loan_day = flash_loan_day
        self._log_worth: Floats = premium

    def frame(self) -> pl.DataFrame:
        """All events so far (`EVENT_SCHEMA`)."""
        return self._ledger.frame()

    def day(self, day: int) -> None:
        """Play one day; days are played in order from 0."""
        if day == 0:
            self._claim_all()
        actions = self._agenda(day)
        # The first day's claims take its first 600 blocks.
        blocks = np.sort(self._rng.integers(1_000 if day == 0 else 0, 7_190, len(actions)))
        scaled = self._premium * self._climate.premium_scale[day]
        today, tomorrow = self._climate.log_floor[day : day + 2]
        for block, action in zip(blocks.tolist(), actions, strict=True):
            self._log_worth = scaled + (today + (tomorrow - today) * block / 7_200)
            self._ledger.move_to(day * 7_200 + block)
            self._act(action)

    def _agenda(self, day: int) -> list[str]:
        actions: list[str] = []
        for action, mean in _MEAN_PER_DAY.items():
            actions += [action] * int(self._rng.poisson(mean))
        actions += ["delist"] * int(self._rng.poisson(_DELISTED_SHARE * len(self._ledger.listed())))
        if day < _OPENING_DAYS:
            actions += ["list"] * _OPENING_LISTINGS
        else:
            sales = int(self._rng.integers(SALES_A_DAY[0], SALES_A_DAY[1] + 1))
            accepted = int(self._rng.binomial(sales, ACCEPTED_SHARE))
            actions += ["accept"] * accepted + ["buy"] * (sales - accepted)
        if day == self._flash_loan_day:
            actions.append("flash")
        self._random.shuffle(actions)
        return actions

    def _act(self, action: str) -> None:
        {
            "list": self._list,
            "reprice": self._reprice,
            "delist": self._delist,
            "bid": self._bid,
            "withdraw": self._withdraw,
            "buy": self._buy,
            "accept": self._accept,
            "transfer": self._transfer,
            "wrap": self._wrap,
            "unwrap": self._unwrap,
            "private": lambda: self._private_deal(0.6, 1.0, sold=self._random.random() < 0.5),
            "cheap": lambda: self._private_deal(0.02, 0.4, sold=True),
            "self": self._sell_to_self,
            "flash": self._flash_loan,
        }[action]()

    # Owners

    def _claim_all(self) -> None:
        for punk in range(PUNK_COUNT):
            self._ledger.move_to(punk // 20)
            self._ledger.claim(punk, self._someone())

    def _list(self) -> None:
        punk = self._free_punk()
        self._ledger.ask(punk, self._asking_price(punk, keen=0.55))

    def _reprice(self) -> None:
        listed = self._ledger.listed()
        if not len(listed):
            return
        gaps = self._ledger.log_ask[listed] - self._log_worth[listed]
        # Who asks too little notices first.
        punk = int(listed[np.argmin(gaps)]) if gaps.min() < -0.06 else self._pick(listed)
        self._ledger.ask(punk, self._asking_price(punk, keen=0.7))

    def _delist(self) -> None:
        listed = self._ledger.listed()
        if len(listed):
            self._ledger.delist(self._pick(listed))

    def _asking_price(self, punk: int, *, keen: float) -> int:
        haste = self._random.random() < keen
        over = self._random.gauss(0.01, 0.025) if haste else 0.05 + self._random.expovariate(3.0)
        return wei(exp(self._log_worth[punk] + over))

    def _transfer(self) -> None:
        punk = self._unwrapped_punk()
        self._ledger.transfer(punk, self._someone(but=self._ledger.owner[punk]))

    def _wrap(self) -> None:
        self._ledger.wrap(self._unwrapped_punk())

    def _unwrap(self) -> None:
        wrapped = self._ledger.wrapped()
        if wrapped:
            self._ledger.unwrap(self._random.choice(wrapped))

    # Buyers

    def _buy(self) -> None:
        """Buyers compare: the better the ask for what the punk is worth, the likelier it goes."""
        listed = self._ledger.listed()
        if not len(listed):
            return
        gaps = self._ledger.log_ask[listed] - self._log_worth[listed]
        best = int(np.argmin(gaps - self._rng.gumbel(0.0, 0.012, len(listed))))
        if gaps[best] > BUYERS_LIMIT:
            # No ask is worth it: the buyer talks an owner down.
            punk = int(listed[best])
            self._ledger.ask(punk, wei(exp(self._log_worth[punk] + self._random.gauss(0.0, 0.02))))
        punk = int(listed[best])
        self._ledger.buy(punk, self._someone(but=self._ledger.owner[punk]))

    def _bid(self) -> None:
        punk = self._unwrapped_punk()
        if self._random.random() < 0.3:
            price = self._random.randrange(1, 10**16)  # dust, to the odd wei
        else:
            price = wei(exp(self._log_worth[punk] - 0.03 - self._random.expovariate(6.0)))
        if price > self._ledger.bid_wei(punk):
            self._ledger.bid(punk, self._someone(but=self._ledger.owner[punk]), price)

    def _withdraw(self) -> None:
        bids = self._ledger.bids()
        if bids:
            self._ledger.withdraw(self._random.choice(bids))

    def _accept(self) -> None:
        bids = np.array([punk for punk in self._ledger.bids() if not self._ledger.is_wrapped(punk)], dtype=np.int64)
        if len(bids):
            gaps = np.array([log(self._ledger.bid_wei(int(punk)) / 1e18) for punk in bids]) - self._log_worth[bids]
            best = int(np.argmax(gaps))
            if gaps[best] > -0.08:
                self._ledger.accept(int(bids[best]))
                return
        punk = self._unwrapped_punk()
        while self._ledger.bid_wei(punk) > wei(exp(self._log_worth[punk] - 0.08)):
            punk = self._unwrapped_punk()
        offer = wei(exp(self._log_worth[punk] - abs(self._random.gauss(0.02, 0.02))))
        self._ledger.bid(punk, self._someone(but=self._ledger.owner[punk]), offer)
        self._ledger.accept(punk)

    # What has nothing to do with the market price

    def _private_deal(self, least: float, most: float, *, sold: bool) -> None:
        punk = self._free_punk()
        friend = self._someone(but=self._ledger.owner[punk])
        worth = exp(self._log_worth[punk])
        self._ledger.ask(punk, wei(worth * self._random.uniform(least, most)), only_to=friend)
        if sold:
            self._ledger.buy(punk, friend)

    def _sell_to_self(self) -> None:
        punk = self._free_punk()
        self._ledger.ask(punk, wei(exp(self._log_worth[punk]) * self._random.uniform(1.0, 2.0)))
        self._ledger.buy(punk, self._ledger.owner[punk])

    def _flash_loan(self) -> None:
        """Borrowed money goes round once in one transaction, and the punk comes back."""
        punk = self._free_punk()
        owner = self._ledger.owner[punk]
        borrower = self._someone(but=owner)
        with self._ledger.one_transaction():
            self._ledger.ask(punk, wei(100_000.0))
            self._ledger.buy(punk, borrower)
            self._ledger.transfer(punk, owner)

    # Choosing

    def _someone(self, *, but: int = -1) -> int:
        """A holder; a few of them do much."""
        while True:
            holder = int(HOLDERS * self._random.random() ** 2)
            if holder != but:
                return holder

    def _unwrapped_punk(self) -> int:
        while True:
            punk = self._random.randrange(PUNK_COUNT)
            if not self._ledger.is_wrapped(punk):
                return punk

    def _free_punk(self) -> int:
        """Neither wrapped nor listed. Rare punks seldom come to the market."""
        while True:
            punk = self._unwrapped_punk()
            if not self._ledger.is_listed(punk) and self._random.random() < exp(-0.3 * self._premium[punk]):
                return punk

    def _pick(self, punks: npt.NDArray[np.int64]) -> int:
        return int(punks[self._random.randrange(len(punks))])
