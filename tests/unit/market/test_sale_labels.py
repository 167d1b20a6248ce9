from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import get_args

import polars as pl
import pytest

from shared.market.reference_data import packaged_punks
from shared.market.sale_labels import DEALER_SALES, Channel, Labels
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from tests.factories import market
from tests.factories.market import busy_events
from tests.factories.market_story import Event, event_frame

ANN, BOB, EVE, CONTRACT, WRAPPER, DEALER = (f"0x{name:040x}" for name in range(1, 7))
YEAR = timedelta(days=365)
OPEN, FOR_BOB = Event("listed", 1, 40.0, sender=ANN), Event("listed", 1, 40.0, sender=ANN, receiver=BOB)
BOUGHT = (Event("delisted", 1, tx=5), Event("sale", 1, 40.0, sender=ANN, receiver=BOB, tx=5))
REOPENED = (Event("delisted", 1, tx=5), Event("listed", 1, 40.0, sender=ANN, tx=5))
ACCEPTED = Event("sale", 1, 40.0, sender=ANN, receiver=BOB, accepted=True)


def labels(*story: Event) -> list[Labels]:
    return [sale.labels for sale in market.timeline(event_frame(*story)).sales]


@pytest.mark.parametrize(
    ("story", "channel"),
    [
        ([OPEN, *BOUGHT], "public_ask"),
        ([FOR_BOB, *BOUGHT], "directed_ask"),
        ([FOR_BOB, BOUGHT[1]], "directed_ask"),
        ([FOR_BOB, Event("delisted", 1), *BOUGHT], "public_ask"),
        ([FOR_BOB, *REOPENED, *BOUGHT], "public_ask"),
        ([FOR_BOB, *REOPENED, BOUGHT[1]], "public_ask"),
        ([OPEN, FOR_BOB, *BOUGHT], "directed_ask"),
        ([FOR_BOB, OPEN, *BOUGHT], "public_ask"),
        ([Event("listed", 2, 40.0, sender=ANN, receiver=BOB), OPEN, *BOUGHT], "public_ask"),
        ([FOR_BOB, ACCEPTED], "accepted_bid"),
        ([ACCEPTED], "accepted_bid"),
    ],
    ids=["open", "for one", "still standing", "withdrawn before", "opened in the transaction", "opened and standing",
         "then for one", "then open", "of another punk", "bid before an ask for one", "bid"],
)  # fmt: skip
def test_the_channel_is_that_of_the_ask_that_was_taken_or_of_the_bid(story, channel):
    assert labels(*story)[-1].channel == channel


PASSED_ON = Event("transfer", 1, sender=CONTRACT, receiver=BOB, tx=5)
TO_CONTRACT = (Event("delisted", 1, tx=5), Event("sale", 1, 40.0, sender=ANN, receiver=CONTRACT, tx=5))


@pytest.mark.parametrize(
    ("story", "pass_through", "true_buyer"),
    [
        ([*TO_CONTRACT], False, CONTRACT),
        ([*TO_CONTRACT, PASSED_ON], True, BOB),
        ([*TO_CONTRACT, PASSED_ON, Event("transfer", 1, sender=BOB, receiver=EVE, tx=5)], True, EVE),
        ([*TO_CONTRACT, PASSED_ON, Event("transfer", 1, sender=BOB, receiver=EVE, tx=6)], True, BOB),
        ([*TO_CONTRACT, Event("transfer", 2, sender=CONTRACT, receiver=EVE, tx=5)], False, CONTRACT),
        ([*TO_CONTRACT, Event("listed", 1, 50.0, sender=CONTRACT, tx=5)], False, CONTRACT),
        ([Event("transfer", 1, sender=EVE, receiver=ANN, tx=5), *TO_CONTRACT], False, CONTRACT),
    ],
    ids=["kept", "passed on", "passed on twice", "moved later", "another punk", "offered", "moved before"],
)
def test_a_buyer_who_passes_the_punk_on_in_the_transaction_is_not_the_true_buyer(story, pass_through, true_buyer):
    (sale,) = labels(OPEN, *story)
    assert (sale.pass_through, sale.true_buyer) == (pass_through, true_buyer)


def test_an_arbitrage_is_passed_on_to_the_bidder_who_is_the_true_buyer_of_both_sales():
    resold = Event("sale", 1, 41.0, sender=CONTRACT, receiver=BOB, accepted=True, tx=5)
    assert [(sale.pass_through, sale.true_buyer, sale.channel) for sale in labels(OPEN, *TO_CONTRACT, resold)] == [
        (True, BOB, "public_ask"),
        (False, BOB, "accepted_bid"),
    ]


@pytest.mark.parametrize(
    ("story", "wrapped"),
    [
        ([*BOUGHT], False),
        ([*BOUGHT, Event("wrap", 1, sender=BOB, receiver=WRAPPER, tx=5)], True),
        ([Event("unwrap", 1, sender=WRAPPER, receiver=ANN, tx=5), *BOUGHT], True),
        ([*BOUGHT, Event("wrap", 2, sender=BOB, receiver=WRAPPER, tx=5)], False),
        ([Event("unwrap", 1, sender=WRAPPER, receiver=ANN), *BOUGHT], False),
        ([*BOUGHT, Event("wrap", 1, sender=BOB, receiver=WRAPPER)], False),
    ],
    ids=["bare", "wrapped after", "unwrapped before", "another punk", "unwrapped earlier", "wrapped later"],
)
def test_a_wrapped_sale_wraps_or_unwraps_the_punk_in_its_own_transaction(story, wrapped):
    assert labels(*story)[-1].wrapped is wrapped


def dealing(
    *, bought: int = DEALER_SALES, sold: int = DEALER_SALES, eth: float = 40.0, later: timedelta = YEAR
) -> list[Labels]:
    """The labels of all sales: the dealer's purchases, its sales, and one that begins `later` than the first."""
    purchases = [Event("sale", punk, eth, sender=ANN, receiver=DEALER, at=timedelta(0)) for punk in range(bought)]
    disposals = [Event("sale", punk, eth, sender=DEALER, receiver=BOB, at=timedelta(0)) for punk in range(sold)]
    return labels(*purchases, *disposals, Event("sale", 99, 40.0, sender=EVE, receiver=DEALER, at=later))


def test_a_dealer_bought_and_sold_often_enough_before_the_sale():
    assert [sale.dealer for sale in dealing()] == [False] * 2 * DEALER_SALES + [True]


@pytest.mark.parametrize(
    "short",
    [
        {"bought": DEALER_SALES - 1, "sold": 3 * DEALER_SALES},
        {"sold": DEALER_SALES - 1, "bought": 3 * DEALER_SALES},
        {"eth": 0.0},
        {"later": YEAR + timedelta(seconds=1)},
    ],
    ids=["bought too few", "sold too few", "excluded sales", "over a year ago"],
)
def test_nobody_is_a_dealer_who_trades_less(short):
    assert not any(sale.dealer for sale in dealing(**short))


def test_a_dealer_who_buys_through_a_contract_is_found_and_the_contract_is_none():
    through = [
        event
        for punk in range(DEALER_SALES)
        for event in (
            Event("sale", punk, 40.0, sender=ANN, receiver=CONTRACT, tx=punk),
            Event("transfer", punk, sender=CONTRACT, receiver=DEALER, tx=punk),
        )
    ]
    sold = [Event("sale", punk, 40.0, sender=DEALER, receiver=BOB) for punk in range(DEALER_SALES)]
    by_contract = [Event("sale", 99, 40.0, sender=CONTRACT, receiver=EVE)]
    assert [sale.dealer for sale in labels(*through, *sold, *by_contract)] == [False] * (2 * DEALER_SALES + 1)
    again = [Event("sale", 99, 40.0, sender=EVE, receiver=CONTRACT, tx=98),
             Event("transfer", 99, sender=CONTRACT, receiver=DEALER, tx=98)]  # fmt: skip
    assert labels(*through, *sold, *again)[-1].dealer


def test_an_unknown_seller_is_no_dealer():
    story = [Event("sale", punk, 40.0, sender=None, receiver=BOB) for punk in range(3 * DEALER_SALES)]
    assert not any(sale.dealer for sale in labels(*story))


def test_the_simulated_transactions_meet_every_label():
    """The property that no later transaction changes an earlier sale then holds for each of them."""
    sales = [sale.labels for seed in range(4) for sale in market.timeline(busy_events(seed, count=400)).sales]
    assert {sale.channel for sale in sales} == set(get_args(Channel))
    for flag in ("pass_through", "dealer", "wrapped"):
        assert {getattr(sale, flag) for sale in sales} == {True, False}, flag


@pytest.mark.realdata
def test_the_development_year_was_traded_as_the_documentation_says(market_data):
    events = pl.read_parquet(market_data / "events.parquet").with_row_index("seq", offset=1)
    folded: MarketTimeline = market.timeline(events, Traits.from_frame(packaged_punks()))
    first = datetime(2024, 8, 1, tzinfo=UTC).timestamp()
    sales = [sale for sale in folded.sales if sale.excluded is None and sale.time >= first]
    counts = Counter(sale.labels.channel for sale in sales)
    assert counts == {"public_ask": 1676, "directed_ask": 342, "accepted_bid": 247}
    flags = ("pass_through", "dealer", "wrapped")
    assert [sum(getattr(sale.labels, flag) for sale in sales) for flag in flags] == [125, 648, 4]
    sides = Counter(address for sale in sales for address in {sale.seller, sale.buyer})
    assert sides.most_common(1) == [("0x1919db36ca2fa2e15f9000fd9cdc2edcf863e685", 499)]
    transfers = events.filter(event_type="transfer").select("tx_hash", "punk_id", "seq").rows()
    moved = {(tx_hash, punk): seq for tx_hash, punk, seq in transfers}
    assert sum(moved.get((sale.tx_hash, sale.punk_id), 0) > sale.event_seq for sale in sales) == 118
    directed = pl.DataFrame(
        [(sale.event_seq, sale.punk_id, sale.time) for sale in sales if sale.labels.channel == "directed_ask"],
        schema={"seq": pl.Int64, "punk_id": events.schema["punk_id"], "sold_at": pl.Int64},
        orient="row",
    )
    asks = events.filter(event_type="listed").select(
        pl.col("seq").cast(pl.Int64), "punk_id", asked_at=pl.col("timestamp").dt.epoch("s")
    )
    ages = directed.join_asof(asks, on="seq", by="punk_id", check_sortedness=False)
    assert (ages["sold_at"] - ages["asked_at"]).median() == 144
