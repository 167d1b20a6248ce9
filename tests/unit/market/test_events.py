import re
from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidInputError
from shared.market.event_types import ZERO_ADDRESS
from shared.market.events import contract_key, contract_keys, empty_events, validate
from tests.unit.market.event_rows import ALICE, BOB, event_rows, with_value


def test_a_valid_frame_comes_back_as_it_is() -> None:
    for frame in (event_rows(), empty_events()):
        assert validate(frame, "a.parquet").equals(frame)


@pytest.mark.parametrize(
    ("row", "column", "value", "rule"),
    [
        (1, "punk_id", 10_000, "must be a punk from 0 to 9999 (found 10000)"),
        (1, "punk_id", -1, "must be a punk from 0 to 9999"),
        (0, "punk_id", None, "must not be empty"),
        (2, "event_type", "burn", "must be one of claim"),
        (2, "price_wei", "-5", "must not be negative"),
        *((2, "price_wei", price, "must be wei as decimal text") for price in ("1.5", "1e18", "", "٣")),
        (2, "price_wei", "9" * 79, "of at most 78 digits"),
        *((row, "price_wei", None, "is required for listed, bid and sale") for row in (0, 1, 2)),
        (2, "sale_kind", None, "is required for a sale"),
        (2, "sale_kind", "swap", "must be one of buy, accept_bid"),
        (0, "sale_kind", "buy", "belongs to sales only"),
        (3, "to_address", None, "is required where the owner changes"),
        (3, "to_address", "0x123", "40 hexadecimal digits"),
        (3, "from_address", "vitalik.eth", "40 hexadecimal digits"),
        (3, "tx_hash", "0x00\t1", "64 hexadecimal digits"),
        (3, "tx_hash", None, "must not be empty"),
        (0, "timestamp", datetime(2017, 6, 21, tzinfo=UTC), "must not be before the contract"),
        (4, "timestamp", datetime(2017, 6, 30, tzinfo=UTC), "must not be earlier than the row before"),
        (0, "block", -1, "must be from 0 to"),
        (0, "log_index", 2**31, "must be from 0 to"),
        (0, "tx_index", -1, "must be from 0 to"),
    ],
)
def test_a_broken_rule_names_file_row_column_and_rule(row: int, column: str, value: object, rule: str) -> None:
    message = f"^data/events.parquet: row {row + 1}: column '{column}'.*{re.escape(rule)}"
    with pytest.raises(InvalidInputError, match=message):
        validate(with_value(event_rows(), row, column, value), "data/events.parquet")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda rows: pl.concat([rows, rows[2]]), r"row 7: duplicates row 3 \(block 4000002, log_index 6\)"),
        (lambda rows: pl.concat([rows[:3], rows[2:]]), "row 4: duplicates row 3"),
        (lambda rows: rows.reverse(), "row 2: column 'block' is out of contract order"),
        (lambda rows: rows.drop("price_wei"), "column 'price_wei' is missing$"),
        (
            lambda rows: rows.rename({"block": "blockNumber", "log_index": "i"}),
            "columns 'block', 'log_index' are missing; it has 'blockNumber', 'i' instead",
        ),
    ],
)
def test_a_frame_that_is_none_of_events_is_refused(change: Callable[..., pl.DataFrame], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=f"f: {rule}"):
        validate(change(event_rows()), "f")


def test_one_error_names_everything_that_is_wrong_and_nothing_that_only_follows() -> None:
    frame = with_value(event_rows(12).drop("log_index").cast({"price_wei": pl.Float64}), 2, "event_type", "burn")
    for row in (3, 9):
        frame = with_value(frame, row, "tx_hash", "0x1")
    with pytest.raises(InvalidInputError) as refused:
        validate(with_value(frame, 9, "punk_id", -1), "f")
    assert str(refused.value) == (
        "f: 5 problems: "
        "(1) column 'price_wei' has type Float64, expected text; whole numbers may be integers or Decimal; floats "
        "have lost digits, and bytes are unclear: write text; "
        "(2) column 'log_index' is missing; "
        "(3) row 10: column 'punk_id' must be a punk from 0 to 9999 (found -1); "
        "(4) row 3: column 'event_type' must be one of claim, listed, delisted, bid, bid_withdrawn, sale, transfer, "
        "wrap, unwrap (found 'burn'); "
        "(5) row 4: column 'tx_hash' must be 0x and 64 hexadecimal digits (found '0x1'; 1 more such rows)"
    )


def test_log_indices_of_one_block_must_ascend() -> None:
    frame = event_rows().with_columns(block=pl.lit(4_000_000, pl.Int64), timestamp=pl.col("timestamp").first())
    assert validate(frame, "f").height == 6
    with pytest.raises(InvalidInputError, match="row 3: column 'block' is out of contract order"):
        validate(with_value(frame, 2, "log_index", 1), "f")


def test_to_the_zero_address_a_listing_is_public_and_a_transfer_a_transfer() -> None:
    frame = with_value(event_rows(7), 6, "to_address", BOB)
    for row in (0, 3):
        frame = with_value(frame, row, "to_address", ZERO_ADDRESS)
    assert validate(frame, "f")["to_address"].gather([0, 3, 6]).to_list() == [None, ZERO_ADDRESS, BOB]


def test_hexadecimal_and_prices_have_one_spelling() -> None:
    frame = with_value(event_rows(), 0, "from_address", "0x" + "A" * 40)
    checked = validate(with_value(with_value(frame, 0, "price_wei", "007"), 1, "price_wei", "000"), "f")
    assert checked["from_address"][0] == ALICE
    assert checked["price_wei"].to_list()[:2] == ["7", "0"]


@given(st.integers(min_value=0, max_value=10**78 - 1))
def test_any_price_of_78_digits_is_kept_exactly(price: int) -> None:
    assert validate(with_value(event_rows(), 0, "price_wei", str(price)), "f")["price_wei"][0] == str(price)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**31 - 1)), min_size=2, max_size=20, unique=True))
def test_contract_keys_sort_like_block_and_log_index(places: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(places, schema={"block": pl.Int64, "log_index": pl.Int64}, orient="row")
    keys = contract_keys(frame).to_list()
    assert keys == [contract_key(*place) for place in places]
    assert [place for _, place in sorted(zip(keys, places, strict=True))] == sorted(places)
