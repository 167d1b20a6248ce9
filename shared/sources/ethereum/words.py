"""32-byte words of topics and data, as expressions over a column of `RAW_LOG_SCHEMA`: 0x and 64 hexadecimal digits.

The contract ABI encodes addresses and numbers right-aligned, padded with zeros.
"""

from typing import Final

import polars as pl

_PREFIX: Final = len("0x")
_DIGITS: Final = 64
_ADDRESS_DIGITS: Final = 40
_SMALL_DIGITS: Final = 8
_HALF: Final = _DIGITS // 2


def address(column: str) -> pl.Expr:
    """The address in the word, lower-case with 0x."""
    return pl.lit("0x") + pl.col(column).str.slice(_PREFIX + _DIGITS - _ADDRESS_DIGITS)


def broken_address(column: str) -> pl.Expr:
    """True if the word is wider than an address."""
    return ~_starts_with_zeros(column, _DIGITS - _ADDRESS_DIGITS)


def number(column: str) -> pl.Expr:
    """The number in the word, of at most 32 bits (i64); see `broken_number`."""
    return pl.col(column).str.slice(_PREFIX + _DIGITS - _SMALL_DIGITS).str.to_integer(base=16, strict=False)


def broken_number(column: str, largest: int) -> pl.Expr:
    """True if the number is above `largest`, which has at most 32 bits."""
    wider = ~_starts_with_zeros(column, _DIGITS - _SMALL_DIGITS)
    return wider | (number(column) > largest).fill_null(True)


def decimal_text(words: pl.Series) -> pl.Series:
    """The numbers in the words as exact decimal text, up to 2**256 - 1; null stays null."""
    half = pl.col("word").str.slice(_PREFIX + _HALF).str.to_integer(base=16, dtype=pl.Int128, strict=False)
    read = (
        words.to_frame("word")
        .select("word", text=pl.when(_starts_with_zeros("word", _HALF)).then(half).cast(pl.String))
        .with_row_index("row")
    )
    # Only absurd asks are above 2**127 wei: there are few, so convert them one by one.
    large = read.filter(pl.col("text").is_null() & pl.col("word").is_not_null())
    exact = large.select("row", exact=pl.Series([str(int(word, 16)) for word in large["word"]], dtype=pl.String))
    joined = read.join(exact, on="row", how="left", maintain_order="left")
    return joined.select(text=pl.coalesce("text", "exact"))["text"]


def _starts_with_zeros(column: str, digits: int) -> pl.Expr:
    return pl.col(column).str.starts_with("0x" + "0" * digits)
