import re
from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from shared.errors import InvalidInputError
from shared.market.events import EVENT_SCHEMA, empty_events
from shared.sources.ethereum.bids import StandingBids
from shared.sources.ethereum.contract import LAYOUTS
from shared.sources.ethereum.decoder import MissingBid, MissingBidsError, decode
from shared.sources.ethereum.raw_logs import empty_logs, raw_logs
from tests.factories.punks_contract import NOBODY, TOPICS, WRAPPERS, PunksContract, attempt, log

ANN, BEN, CAT = ("0x" + letter * 40 for letter in "abc")
ETHER = 10**18


def decoded(logs: list[dict[str, Any]], bids: StandingBids | None = None) -> pl.DataFrame:
    return decode(raw_logs(logs, "page"), bids or StandingBids())


Call = tuple[Any, ...]


def calling(name: str) -> Callable[..., Call]:
    return lambda *arguments: (name, *arguments)


take, offer, end = map(calling, ("get_punk", "offer_punk_for_sale", "punk_no_longer_for_sale"))
buy, transfer = map(calling, ("buy_punk", "transfer_punk"))
bid, accept, withdraw = map(calling, ("enter_bid_for_punk", "accept_bid_for_punk", "withdraw_bid_for_punk"))


@pytest.fixture
def contract() -> PunksContract:
    """Ann owns the punks 1 and 2, Ben 3."""
    contract = PunksContract()
    for owner, punk in ((ANN, 1), (ANN, 2), (BEN, 3)):
        contract.get_punk(owner, punk)
    return contract


def test_the_topics_are_the_hashes_that_the_chain_shows() -> None:
    assert {layout.name: layout.topic for layout in LAYOUTS} == TOPICS
    assert TOPICS["Transfer"] == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    assert TOPICS["PunkBought"] == "0x58e5d5a525e3b40bc15abaa38b5882678db1ee68befd2f60bafe3a7fd06db9e3"


def test_no_logs_are_no_events() -> None:
    assert_frame_equal(decode(empty_logs(), StandingBids()), empty_events())


PRICES = (0, 1, 2**63 - 1, 2**63, 2**64, 2**127 - 1, 2**127, 2**128 - 1, 2**128, 2**255 + 1, 2**256 - 1)
PLAYED: dict[str, tuple[list[Call], dict[str, list[object]]]] = {
    "a claim has nobody before it": ([], {"event_type": ["claim"] * 3, "from_address": [None] * 3}),
    "a public listing has its seller and nobody as buyer": (
        [offer(ANN, 1, 5 * ETHER)],
        {"event_type": ["listed"], "price_wei": [str(5 * ETHER)], "from_address": [ANN], "to_address": [None]},
    ),
    "a private listing has its only buyer": ([offer(ANN, 1, 5 * ETHER, CAT)], {"to_address": [CAT]}),
    "a price of any 256 bits is exact": (
        [offer(ANN, 1, price) for price in PRICES],
        {"price_wei": [str(price) for price in PRICES]},
    ),
    "a listing is taken back": ([offer(ANN, 1, ETHER), end(ANN, 1)], {"event_type": ["listed", "delisted"]}),
    "buying ends the seller's listing and sells": (
        [offer(ANN, 1, ETHER), buy(CAT, 1, ETHER)],
        {"event_type": ["delisted", "sale"], "from_address": [ANN, ANN], "log_index": [1, 2]},
    ),
    "buying for nothing is still buying": (
        [offer(ANN, 1, 0, CAT), buy(CAT, 1, 0)],
        {"price_wei": ["0"], "sale_kind": ["buy"]},
    ),
    "paying more than asked is the price": (
        [offer(ANN, 1, ETHER), buy(CAT, 1, 2 * ETHER)],
        {"price_wei": [str(2 * ETHER)]},
    ),
    "a transfer ends a listing and is one event": (
        [offer(ANN, 1, ETHER), transfer(ANN, CAT, 1)],
        {"event_type": ["listed", "delisted", "transfer"]},
    ),
    "a punk sent to nobody is transferred": (
        [transfer(ANN, NOBODY, 1)],
        {"event_type": ["transfer"], "to_address": [NOBODY]},
    ),
    "either wrapper wraps and unwraps": (
        [transfer(*way, 1) for wrapper in WRAPPERS for way in ((ANN, wrapper), (wrapper, ANN))],
        {"event_type": ["wrap", "unwrap", "wrap", "unwrap"]},
    ),
    "from one wrapper to the other is a wrap": (
        [transfer(ANN, WRAPPERS[0], 1), transfer(*WRAPPERS, 1)],
        {"event_type": ["wrap", "wrap"]},
    ),
    "an accepted bid has the price and buyer of the standing bid": (
        [bid(BEN, 1, ETHER), bid(CAT, 1, 3 * ETHER), bid(CAT, 2, ETHER), accept(ANN, 1)],
        {"price_wei": [str(3 * ETHER)], "from_address": [ANN], "to_address": [CAT], "sale_kind": ["accept_bid"]},
    ),
    "an accepted bid ends a listing without a log": (
        [offer(ANN, 1, 9 * ETHER), bid(CAT, 1, ETHER), accept(ANN, 1)],
        {"event_type": ["listed", "bid", "sale"]},
    ),
    "a withdrawn bid can be placed again lower": (
        [bid(CAT, 1, 3 * ETHER), withdraw(CAT, 1), bid(BEN, 1, ETHER), accept(ANN, 1)],
        {"price_wei": [str(ETHER)]},
    ),
    "somebody else's bid survives a sale and is accepted by the new owner": (
        [bid(CAT, 1, ETHER), offer(ANN, 1, 2 * ETHER), buy(BEN, 1, 2 * ETHER), accept(BEN, 1)],
        {"from_address": [BEN], "to_address": [CAT]},
    ),
    # Otherwise the lower bid could not be placed, and no price be found for it.
    "a buyer's own bid is gone": (
        [bid(CAT, 1, 3 * ETHER), offer(ANN, 1, ETHER), buy(CAT, 1, ETHER), bid(BEN, 1, ETHER), accept(CAT, 1)],
        {"price_wei": [str(ETHER)]},
    ),
    "a receiver's own bid is gone": (
        [bid(CAT, 1, 3 * ETHER), transfer(ANN, CAT, 1), bid(BEN, 1, ETHER), accept(CAT, 1)],
        {"price_wei": [str(ETHER)]},
    ),
}


@pytest.mark.parametrize(("calls", "last"), PLAYED.values(), ids=PLAYED)
def test_every_call_is_decoded(contract: PunksContract, calls: list[Call], last: dict[str, list[object]]) -> None:
    for name, *arguments in calls:
        getattr(contract, name)(*arguments)
    events = decoded(contract.logs)
    assert_frame_equal(events, contract.frame())
    assert {column: events[column].to_list()[-len(values) :] for column, values in last.items()} == last


def test_bids_of_one_transaction_are_accepted_each_for_its_own_punk(contract: PunksContract) -> None:
    contract.enter_bid_for_punk(CAT, 1, ETHER)
    contract.enter_bid_for_punk(CAT, 2, 2 * ETHER)
    with contract.transaction():
        contract.accept_bid_for_punk(ANN, 1)
        contract.accept_bid_for_punk(ANN, 2)
    assert decoded(contract.logs)["price_wei"].to_list()[-2:] == [str(ETHER), str(2 * ETHER)]


def test_a_punk_is_bid_for_sold_and_bought_back_within_one_transaction(contract: PunksContract) -> None:
    with contract.transaction():
        contract.enter_bid_for_punk(CAT, 1, 7 * ETHER)
        contract.accept_bid_for_punk(ANN, 1)
        contract.offer_punk_for_sale(CAT, 1, ETHER)
        contract.buy_punk(ANN, 1, ETHER)
        contract.enter_bid_for_punk(BEN, 1, 8 * ETHER)
        contract.accept_bid_for_punk(ANN, 1)
    assert_frame_equal(decoded(contract.logs), contract.frame())


def standing(bids: StandingBids, punk: int) -> tuple[str | None, int] | None:
    """Bidder and price in wei."""
    bid = bids.standing(punk)
    return None if bid is None else (bid.maker, bid.price_wei)


def test_a_bid_that_is_nowhere_is_refused_with_its_punk_and_place(contract: PunksContract) -> None:
    contract.enter_bid_for_punk(CAT, 1, 3 * ETHER)
    page = len(contract.logs)
    contract.accept_bid_for_punk(ANN, 1)
    with pytest.raises(MissingBidsError, match=r"punk 1 at block 4000004, log_index 1.*--history") as caught:
        decoded(contract.logs[page:])
    assert caught.value.missing == (MissingBid(1, 4_000_004, 1),)


def test_a_bid_that_was_replaced_unseen_is_missing_and_not_guessed(contract: PunksContract) -> None:
    contract.enter_bid_for_punk(BEN, 1, ETHER)
    earlier = contract.frame()
    contract.enter_bid_for_punk(CAT, 1, 3 * ETHER)
    page = len(contract.logs)
    contract.accept_bid_for_punk(ANN, 1)
    with pytest.raises(MissingBidsError):
        decoded(contract.logs[page:], StandingBids.from_events(earlier))


def test_the_buyer_is_the_bidder_where_a_page_begins_between_the_two_logs(contract: PunksContract) -> None:
    contract.enter_bid_for_punk(CAT, 1, 3 * ETHER)
    earlier = contract.frame()
    contract.accept_bid_for_punk(ANN, 1)
    contract.offer_punk_for_sale(CAT, 1, ETHER)
    events = decoded(contract.logs[-2:], StandingBids.from_events(earlier))
    assert_frame_equal(events, contract.frame()[earlier.height :])


@pytest.mark.parametrize(
    "another",
    [
        log("Transfer", BEN, BEN, 1, log_index=4),
        log("Transfer", ANN, BEN, 1, log_index=3),
        log("Transfer", ANN, BEN, 1, block=3_999_999, log_index=4),
    ],
)
def test_a_transfer_log_of_another_sale_does_not_name_the_buyer(another: dict[str, Any]) -> None:
    bid = log("PunkBidEntered", 1, ETHER, CAT, block=3_999_998)
    assert decoded([bid, another, log("PunkBought", 1, 0, ANN, NOBODY, log_index=5)])["to_address"][-1] == CAT


def test_the_seller_of_a_listing_comes_from_earlier_logs_only() -> None:
    logs = [
        log("PunkOffered", 1, ETHER, NOBODY),
        log("Transfer", ANN, BEN, 1, log_index=2),
        log("PunkTransfer", ANN, BEN, 1, log_index=3),
        log("PunkOffered", 1, ETHER, NOBODY, log_index=4),
        log("PunkNoLongerForSale", 1, log_index=5),
    ]
    assert decoded(logs)["from_address"].to_list() == [None, ANN, BEN, BEN]


def test_a_seller_that_nothing_names_is_unknown_and_not_guessed() -> None:
    assert decoded([log("PunkOffered", 1, ETHER, NOBODY)])["from_address"].to_list() == [None]


def test_bids_stay_as_they_were_when_anything_is_wrong(contract: PunksContract) -> None:
    bids = StandingBids.from_events(contract.frame())
    bids.place(2, CAT, "5")
    wrong = [log("PunkBidEntered", 2, 9, BEN, block=5_000_000), log("PunkBought", 3, 0, BEN, NOBODY, block=5_000_001)]
    with pytest.raises(MissingBidsError):
        decoded(wrong, bids)
    assert standing(bids, 2) == (CAT, 5)
    assert bids.owner(3) == BEN


def test_logs_of_other_contracts_are_left_out(contract: PunksContract) -> None:
    other = [{**one, "address": "0x" + "9" * 40, "logIndex": "0x64"} for one in contract.logs]
    assert_frame_equal(decoded([*contract.logs, *other]), contract.frame())


def test_a_contract_at_another_address_is_decoded_with_wrappers_of_its_own(contract: PunksContract) -> None:
    market, wrapper = "0x" + "a7" * 20, "0x" + "b8" * 20
    contract.transfer_punk(ANN, wrapper, 1)
    logs = raw_logs([{**one, "address": market} for one in contract.logs], "page")
    events = decode(logs, StandingBids(), market=upper(market), wrappers=[upper(wrapper)])
    assert events["event_type"].to_list() == ["claim", "claim", "claim", "wrap"]


def upper(address: str) -> str:
    return "0x" + address[2:].upper()


def broken(name: str, *arguments: Any, **changed: Any) -> dict[str, Any]:
    return {**log(name, *arguments), **changed}


BID_TOPICS = log("PunkBidEntered", 1, 5, ANN)["topics"]


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (broken("Assign", ANN, 1, topics=["0x" + "5" * 64]), "is no event of CryptoPunksMarket (topic0 0x5555"),
        (log("PunkBidEntered", 10_000, 5, ANN), "PunkBidEntered must name a punk from 0 to 9999"),
        (log("PunkBidEntered", 2**32 + 1, 5, ANN), "PunkBidEntered must name a punk from 0 to 9999"),
        (log("PunkTransfer", ANN, BEN, 2**255), "PunkTransfer must name a punk from 0 to 9999"),
        (log("Assign", ANN, 10_000), "Assign must name a punk from 0 to 9999"),
        (broken("PunkBidEntered", 1, 5, ANN, topics=BID_TOPICS[:2]), "PunkBidEntered must have topic2"),
        (broken("PunkBidEntered", 1, 5, ANN, topics=[*BID_TOPICS, BID_TOPICS[1]]), "must not have topic3"),
        (
            broken("PunkBidEntered", 1, 5, ANN, topics=[*BID_TOPICS[:2], "0x" + "f" * 64]),
            "PunkBidEntered must have an address as topic2",
        ),
        (broken("PunkBidEntered", 1, 5, ANN, data="0x"), "PunkBidEntered must have 32 bytes of data"),
        (broken("PunkBidEntered", 1, 5, ANN, data="0x" + "0" * 128), "PunkBidEntered must have 32 bytes of data"),
        (broken("PunkNoLongerForSale", 1, data="0x00"), "PunkNoLongerForSale must have 0 bytes of data"),
        (log("PunkBought", 1, 5, ANN, NOBODY), "PunkBought must name the buyer of a punk that was paid for"),
    ],
)
def test_a_log_that_the_contract_cannot_emit_is_refused_with_its_place(wrong: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=f"the log at block 4000000, log_index 0.*{re.escape(rule)}"):
        decoded([wrong])


OF_THE_OWNER = ("transfer_punk", "punk_no_longer_for_sale", "offer_punk_for_sale", "accept_bid_for_punk")
PEOPLE = (ANN, BEN, CAT, *WRAPPERS)
person = st.sampled_from(PEOPLE)
punk = st.integers(0, 3)
price = st.one_of(st.integers(0, 20), st.integers(0, 2**256 - 1))
call = st.one_of(
    st.builds(take, person, punk),
    st.builds(transfer, person, person, punk),
    st.builds(end, person, punk),
    st.builds(offer, person, punk, price, st.sampled_from((NOBODY, *PEOPLE))),
    st.builds(buy, person, punk, price),
    st.builds(bid, person, punk, price),
    st.builds(accept, person, punk),
    st.builds(withdraw, person, punk),
)


def play(transactions: list[list[Call]]) -> PunksContract:
    """What only the owner may do, the owner does; of the rest, calls that the contract refuses are left out."""
    contract = PunksContract()
    for owner, number in zip(PEOPLE, range(4), strict=False):
        contract.get_punk(owner, number)
    for calls in transactions:
        with contract.transaction():
            for name, somebody, *arguments in calls:
                number = arguments[-1] if name == "transfer_punk" else arguments[0]
                sender = contract.owners[number] if name in OF_THE_OWNER else somebody
                attempt(partial(getattr(contract, name), sender, *arguments))
    return contract


@settings(max_examples=80)
@given(st.lists(st.lists(call, min_size=1, max_size=4), max_size=25), st.data())
def test_whatever_is_played_is_decoded_as_it_happened(transactions: list[list[Call]], data: st.DataObject) -> None:
    contract = play(transactions)
    truth = contract.frame()
    bids = StandingBids()
    assert_frame_equal(decoded(contract.logs, bids), truth)
    for number, owner in contract.owners.items():
        assert (standing(bids, number), bids.owner(number)) == (contract.bids.get(number), owner)
    assert bids.owners() == contract.owners
    # Cut anywhere, also within a transaction, the pages say the same one after the other.
    cut = data.draw(st.integers(0, len(contract.logs)))
    bids = StandingBids()
    parts = [decoded(part, bids) for part in (contract.logs[:cut], contract.logs[cut:])]
    assert_frame_equal(pl.concat(parts), truth)
    again = StandingBids.from_events(parts[0])
    assert_frame_equal(decoded(contract.logs[cut:], again), parts[1])


uint = st.integers(0, 2**256 - 1)
address = st.integers(0, 2**160 - 1).map(lambda number: f"0x{number:040x}")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9_999), uint, address, address), min_size=1, max_size=8))
def test_numbers_and_addresses_are_those_that_eth_abi_encoded(rows: list[tuple[int, int, str, str]]) -> None:
    offers = [log("PunkOffered", *row[:2], row[3], block=4_000_000 + index) for index, row in enumerate(rows)]
    bids = [log("PunkBidEntered", *row[:3], block=5_000_000 + index) for index, row in enumerate(rows)]
    events = decoded(offers + bids)
    assert events.schema == EVENT_SCHEMA
    assert events["punk_id"].to_list() == [row[0] for row in rows] * 2
    assert events["price_wei"].to_list() == [str(row[1]) for row in rows] * 2
    assert events["to_address"].to_list()[: len(rows)] == [None if row[3] == NOBODY else row[3] for row in rows]
    assert events["from_address"].to_list()[len(rows) :] == [row[2] for row in rows]
