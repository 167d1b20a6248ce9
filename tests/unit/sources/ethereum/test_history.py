"""Pages from the middle of history, on top of events that are known from elsewhere."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from shared.market.events import empty_events
from shared.sources.ethereum.decoder import MissingBidsError
from shared.sources.ethereum.history import decode_with_history, followed_by, longest_gap
from shared.sources.ethereum.raw_logs import empty_logs, raw_logs
from tests.factories.punks_contract import PunksContract

ANN, BEN, CAT = ("0x" + letter * 40 for letter in "abc")


@pytest.fixture
def contract() -> PunksContract:
    """Punk 1 goes from Ann to Ben to Cat to Ann by accepted bids; each bid and each listing has a block of its own."""
    contract = PunksContract()
    contract.get_punk(ANN, 1)
    for price, (owner, bidder) in enumerate(((ANN, BEN), (BEN, CAT), (CAT, ANN)), start=5):
        contract.offer_punk_for_sale(owner, 1, 100 + price)
        contract.enter_bid_for_punk(bidder, 1, price)
        contract.accept_bid_for_punk(owner, 1)
    return contract


def blocks(frame: pl.DataFrame, *numbers: int) -> pl.DataFrame:
    return frame.filter(pl.col("block").is_in([4_000_000 + number for number in numbers]))


@pytest.mark.parametrize("known", [(0, 1, 2), range(10)])
def test_a_history_up_to_the_page_or_beyond_it_says_the_same(contract: PunksContract, known: range) -> None:
    logs, events = raw_logs(contract.logs, "page"), contract.frame()
    page = blocks(logs, 3, 4)
    assert_frame_equal(decode_with_history(page, blocks(events, *known)), blocks(events, 3, 4))


def test_the_history_between_two_pages_counts_for_the_second(contract: PunksContract) -> None:
    logs, events = raw_logs(contract.logs, "page"), contract.frame()
    pages = blocks(logs, 2, 3, 9)
    assert_frame_equal(decode_with_history(pages, events), blocks(events, 2, 3, 9))
    with pytest.raises(MissingBidsError, match="punk 1 at block 4000009"):
        decode_with_history(pages, blocks(events, *range(8)))


def test_what_comes_after_the_page_is_not_read(contract: PunksContract) -> None:
    logs, events = raw_logs(contract.logs, "page"), contract.frame()
    with pytest.raises(MissingBidsError, match="punk 1 at block 4000003"):
        decode_with_history(blocks(logs, 3), blocks(events, *range(4, 10)))


def test_without_logs_or_history_nothing_goes_wrong(contract: PunksContract) -> None:
    assert_frame_equal(decode_with_history(empty_logs(), contract.frame()), empty_events())
    logs = raw_logs(contract.logs, "page")
    assert_frame_equal(decode_with_history(logs, empty_events()), contract.frame())


def test_one_history_goes_on_where_the_other_ends(contract: PunksContract) -> None:
    events = contract.frame()
    assert_frame_equal(followed_by(events[:6], events[3:]), events)
    assert_frame_equal(followed_by(empty_events(), events), events)
    assert_frame_equal(followed_by(events, empty_events()), events)


def test_a_week_of_which_nothing_is_known_is_a_gap(contract: PunksContract) -> None:
    for days, price in ((6, 5), (9, 6), (8, 7)):
        contract.pause(days=days)
        contract.enter_bid_for_punk(BEN, 1, price)
    logs, events = raw_logs(contract.logs, "page"), contract.frame()
    longest = (events["timestamp"][-3], events["timestamp"][-2])
    assert longest_gap(logs, empty_events()) == longest
    assert longest_gap(logs[-1:], events) == longest
    assert longest_gap(logs[-1:], events[-2:]) == (events["timestamp"][-2], events["timestamp"][-1])
    assert longest_gap(logs[:-2], events) is None
    assert longest_gap(logs[-1:], empty_events()) is None
    assert longest_gap(empty_logs(), events) is None
