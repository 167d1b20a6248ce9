"""What the book and the owners say about a punk, against a plain computation for one punk at a time."""

from math import isnan, log1p, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.book_arrays import BookArrays
from shared.market.hedonic_index import Premia
from shared.market.series import Floats, Ints
from shared.valuation import board_features
from shared.valuation.board_moment import Moment
from tests.factories import market
from tests.factories.plain_market import PlainBoard, plain_board

TRAITS = market.TRAITS
EVENTS = {"made-up": market.events_frame(21), "busy": market.busy_events(21, count=600)}
FOLDED = {name: market.timeline(events, TRAITS) for name, events in EVENTS.items()}
DAY = 86_400


def premia_at(name: str, as_of: int) -> Premia:
    states = FOLDED[name].index.states
    learnt = int(states.count_before(np.array([as_of]))[0])
    return Premia(TRAITS, states.rows[learnt - 1] if learnt else np.zeros(1 + len(TRAITS.names), dtype=np.float32))


def moment(name: str, as_of: int, punks: Ints) -> Moment:
    board = BookArrays(FOLDED[name])
    board.advance(as_of)
    return Moment.of(board, premia_at(name, as_of), TRAITS, as_of, punks)


def columns_at(name: str, as_of: int, punks: Ints) -> dict[str, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return board_features.columns([moment(name, as_of, punks)])


class Plain:
    """All columns of one punk by sorting and counting what stands on the others."""

    def __init__(self, punk: int, board: PlainBoard, premia: Premia, as_of: int) -> None:
        def premium(other: int) -> float:
            return float(premia.of(np.array([other]))[0])

        self.punk, self.board, self.as_of, self.market_level = punk, board, as_of, premia.level
        self.own = premium(punk)
        others = sorted((eth, other) for other, (eth, _) in board.asks.items() if other != punk)
        self.asks = [(float(np.log(eth)), other, premium(other)) for eth, other in others]
        self.bids = [(float(np.log(eth)), premium(other)) for other, eth in board.bids.items() if other != punk]
        self.floor_eth = others[0][0] if others else nan
        self.floor = self.asks[0][0] if others else nan

    def columns(self) -> dict[str, float]:
        return {
            "floor": self.floor,
            "floor_eth": self.floor_eth,
            "premium": self.own,
            "level": self.market_level - self.floor,
            **self._wall(),
            **self._better(),
            **self._peers(),
            **self._trait_floors(),
            **self._bids(),
            **self._owner(),
        }

    def _at(self, values: list[float], rank: int) -> float:
        """The value of a rank from 1, less the floor."""
        return values[rank - 1] - self.floor if rank <= len(values) else nan

    def _wall(self) -> dict[str, float]:
        prices = [ask for ask, _, _ in self.asks]
        levels = sorted(ask - premium for ask, _, premium in self.asks)
        since = {other: self.board.asks[other][1] for _, other, _ in self.asks}
        fresh = [ask for ask, other, _ in self.asks if ask < self.floor + 0.1 and self.as_of - since[other] < DAY]
        return {
            "asks": float(np.log(max(len(prices), 1))),
            **{f"ladder_{rank}": self._at(prices, rank) for rank in (2, 3, 5, 10, 20, 50)},
            **{f"implied_{rank}": self._at(levels, rank) + self.own for rank in (1, 5, 10, 30)},
            "wall_5": log1p(sum(ask < self.floor + 0.05 for ask in prices)),
            "wall_10": log1p(sum(ask < self.floor + 0.10 for ask in prices)),
            "fresh_asks": log1p(len(fresh)),
            "floor_age": log1p((self.as_of - since[self.asks[0][1]]) / 3_600) if prices else nan,
        }

    def _better(self) -> dict[str, float]:
        def lowest(least: float) -> float:
            return min((ask for ask, _, premium in self.asks if premium >= least), default=nan) - self.floor

        return {
            "better_ask": lowest(self.own),
            "nearly_better_ask": lowest(self.own - 0.05),
            "clearly_better_ask": lowest(self.own + 0.1),
        }

    def _peers(self) -> dict[str, float]:
        # Twelve to either side; among equal premia, dearer asks come after cheaper ones.
        ordered = sorted(self.asks, key=lambda ask: ask[2])
        lesser = sum(premium < self.own for _, _, premium in ordered)
        near = ordered[max(lesser - 12, 0) : lesser + 12]
        levels = sorted(ask - premium for ask, _, premium in near)
        premia = [premium for _, _, premium in near]
        return {
            **{f"peer_ask_{rank}": self._at(levels, rank) + self.own for rank in (1, 3, 6)},
            "peer_spread": max(premia) - min(premia) if near else nan,
        }

    def _trait_floors(self) -> dict[str, float]:
        def floor_of(trait: int) -> float:
            found = (ask for ask, other, _ in self.asks if trait in TRAITS.trait_lists[other])
            return next(found, nan) - self.floor

        kind, skin, count, *accessories = (floor_of(t) if t >= 0 else nan for t in TRAITS.members[self.punk].tolist())
        known = sorted((value for value in accessories if not isnan(value)), reverse=True)
        first, second = [*known, nan, nan][:2]
        names = ("type_floor", "skin_floor", "count_floor", "accessory_floor_1", "accessory_floor_2")
        return dict(zip(names, (kind, skin, count, first, second), strict=True))

    def _bids(self) -> dict[str, float]:
        serious = [(bid, premium) for bid, premium in self.bids if np.exp(bid) > np.exp(self.market_level - 1.0)]
        lesser = [bid for bid, premium in serious if premium <= self.own + 0.02]
        return {
            "lesser_bid": max(lesser, default=nan) - self.floor,
            "implied_bid": max((bid - premium for bid, premium in serious), default=nan) - self.floor,
            "bids": log1p(sum(bid > self.floor - 0.2 for bid, _ in serious)),
        }

    def _owner(self) -> dict[str, float]:
        owners = self.board.owners
        owner, way = owners.get(self.punk, (None, 0))
        holds = sum(other == owner for other, _ in owners.values())
        selling = [ask - premium for ask, other, premium in self.asks if owners.get(other, (None, 0))[0] == owner]
        return {
            "owner_way": way,
            "owner_holds": log1p(holds) if owner else nan,
            "owner_asks": log1p(len(selling)) if owner else nan,
            "owner_ask": min(selling, default=nan) - self.floor if owner else nan,
        }


def instant(name: str, share: float) -> int:
    times = EVENTS[name]["timestamp"].dt.epoch("s")
    return int(times[0]) + int((int(times[-1]) - int(times[0]) + 3_600) * share)


@pytest.mark.parametrize("name", EVENTS)
@settings(max_examples=25)
@given(st.floats(0, 1), st.integers(0, 10**6))
def test_every_column_of_every_punk_is_what_sorting_and_counting_the_others_gives(name, share, seed):
    as_of = instant(name, share)
    board, premia = plain_board(EVENTS[name], as_of), premia_at(name, as_of)
    generator = np.random.default_rng(seed)
    interesting = [*board.asks, *board.bids, *board.owners, 8_000]
    # Those with the lowest asks and the highest bids are the ones that must be left out with care.
    lowest = sorted(board.asks, key=lambda punk: board.asks[punk])[:3]
    highest = sorted(board.bids, key=lambda punk: -board.bids[punk])[:2]
    punks = np.array([*generator.choice(interesting, 6), *lowest, *highest, *generator.integers(0, 10_000, 2)])
    columns = columns_at(name, as_of, punks)
    for row, punk in enumerate(punks.tolist()):
        expected = Plain(punk, board, premia, as_of).columns()
        assert set(columns) - {"owner"} == set(expected)
        for column, value in expected.items():
            # What is not finite is unknown; `compute` makes it NaN.
            got = columns[column][row] if np.isfinite(columns[column][row]) else nan
            assert got == pytest.approx(value, abs=1e-9, nan_ok=True), (column, punk)
        assert columns["floor_eth"][row] == pytest.approx(expected["floor_eth"], rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize("name", EVENTS)
@settings(max_examples=15)
@given(st.lists(st.tuples(st.floats(-0.1, 1), st.integers(0, 9)), min_size=1, max_size=8), st.integers(0, 10**6))
def test_many_punks_at_many_moments_have_byte_for_byte_what_each_has_alone(name, asked, seed):
    """In any order, with any number of punks each, among them moments of an empty book and of no punk."""
    generator = np.random.default_rng(seed)
    asked = [(instant(name, share), generator.integers(0, 125, count)) for share, count in asked]
    with np.errstate(divide="ignore", invalid="ignore"):
        together = board_features.columns([moment(name, *one) for one in asked])
    alone = [columns_at(name, as_of, punks[[row]]) for as_of, punks in asked for row in range(len(punks))]
    for column, values in together.items():
        assert values.tobytes() == b"".join(one[column].tobytes() for one in alone), column


def test_an_empty_book_and_an_empty_list_of_punks_are_no_error():
    assert np.isnan(columns_at("made-up", market.START, np.array([0, 5]))["floor"]).all()
    assert not np.isfinite(columns_at("made-up", market.START, np.array([5]))["peer_ask_1"]).any()
    some = columns_at("made-up", instant("made-up", 0.5), np.array([], dtype=np.int64))
    assert all(len(values) == 0 for values in some.values())
