import numpy as np
import numpy.typing as npt
import pytest

from shared.sources.simulation.ledger import KINDS, NO_PRICE, NOBODY, Ledger


def at(*numbers: int) -> npt.NDArray[np.int64]:
    return np.array(numbers, dtype=np.int64)


@pytest.fixture
def ledger() -> Ledger:
    """Three punks of the holders 10, 11 and 12."""
    made = Ledger(3, 100)
    made.claim(at(0, 1, 2), at(0, 0, 0), at(10, 11, 12))
    return made


def logged(ledger: Ledger) -> list[tuple[str, int, int, int, int]]:
    """(kind, punk, price, sender, receiver) behind the three claims."""
    log = ledger.log()
    columns = (log.code, log.punk, log.price, log.sender, log.receiver)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))[3:]
    return [(KINDS[code][1] or KINDS[code][0], *others) for code, *others in rows]


def test_a_buy_ends_the_listing_in_the_same_transaction(ledger: Ledger) -> None:
    ledger.ask(at(0, 1), at(1, 2), at(500, 600))
    ledger.buy(at(1), at(3), at(20))
    assert logged(ledger) == [
        ("listed", 0, 500, 10, NOBODY),
        ("listed", 1, 600, 11, NOBODY),
        ("delisted", 1, NO_PRICE, 11, NOBODY),
        ("buy", 1, 600, 11, 20),
    ]
    assert len(set(ledger.log().transaction.tolist()[5:])) == 1
    assert ledger.public().tolist() == [0]
    assert ledger.owner.tolist() == [10, 20, 12]


def test_who_is_not_offered_a_punk_cannot_buy_it(ledger: Ledger) -> None:
    ledger.ask(at(0), at(1), at(0), at(20))
    assert ledger.public().size == 0
    for punk, buyer in ((0, 21), (1, 20)):
        with pytest.raises(ValueError, match="not offered"):
            ledger.buy(at(punk), at(2), at(buyer))
    ledger.buy(at(0), at(2), at(20))
    assert ledger.owner[0] == 20


def test_an_accepted_bid_ends_a_listing_without_a_word(ledger: Ledger) -> None:
    ledger.ask(at(2), at(1), at(900))
    ledger.bid(at(2), at(2), at(30), at(700))
    ledger.accept(at(2), at(3))
    assert logged(ledger)[1:] == [("bid", 2, 700, 30, NOBODY), ("accept_bid", 2, 700, 12, 30)]
    assert (ledger.asking[2], ledger.bidding[2], ledger.bidder[2]) == (NO_PRICE, NO_PRICE, NOBODY)
    with pytest.raises(ValueError, match="no bid"):
        ledger.accept(at(2), at(4))


def test_a_bid_must_beat_the_standing_one(ledger: Ledger) -> None:
    ledger.bid(at(0), at(1), at(30), at(700))
    with pytest.raises(ValueError, match="not lower"):
        ledger.bid(at(0), at(2), at(31), at(700))
    ledger.bid(at(0), at(2), at(31), at(701))
    ledger.withdraw(at(0), at(3))
    assert logged(ledger)[-1] == ("bid_withdrawn", 0, 701, 31, NOBODY)


def test_a_new_owners_own_bid_is_refunded_silently(ledger: Ledger) -> None:
    ledger.bid(at(0, 1), at(1, 1), at(30, 31), at(700, 700))
    ledger.transfer(at(0, 1), at(2, 2), at(30, 40))
    assert ledger.bidding.tolist() == [NO_PRICE, 700, NO_PRICE]
    assert [kind for kind, *_ in logged(ledger)[2:]] == ["transfer", "transfer"]


def test_a_listed_punk_that_moves_is_delisted_first_and_comes_back_from_the_wrapper(ledger: Ledger) -> None:
    ledger.ask(at(0), at(1), at(500))
    ledger.wrap(at(0), at(2))
    ledger.unwrap(at(0), at(3))
    assert logged(ledger)[1:] == [
        ("delisted", 0, NO_PRICE, 10, NOBODY),
        ("wrap", 0, NO_PRICE, 10, ledger.wrapper),
        ("unwrap", 0, NO_PRICE, ledger.wrapper, 10),
    ]


def test_the_log_is_in_the_order_of_blocks_whatever_the_order_of_calls(ledger: Ledger) -> None:
    ledger.transfer(at(0), at(9), at(40))
    ledger.transfer(at(1), at(4), at(41))
    assert [punk for _, punk, *_ in logged(ledger)] == [1, 0]
