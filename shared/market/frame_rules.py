"""Checks of data frames from outside: columns, types, and rules for every row."""

from collections.abc import Sequence

import polars as pl

from shared.errors import InvalidInputError

Schema = dict[str, pl.DataType]
Rule = tuple[str, pl.Expr, str]
"""Column, an expression that is true where the rule is broken, and the rule in words."""


def check_columns(frame: pl.DataFrame, schema: Schema, where: str, *, exact: bool = True) -> None:
    """Raises InvalidInputError unless the frame has the columns of `schema` in any order, and no others if `exact`."""
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise InvalidInputError(f"{where}: column {missing[0]!r} is missing; expected {', '.join(schema)}")
    extra = [name for name in frame.columns if name not in schema]
    if extra and exact:
        raise InvalidInputError(f"{where}: column {extra[0]!r} is unknown; expected {', '.join(schema)}")


def typed(frame: pl.DataFrame, schema: Schema, where: str, *, exact: bool = True) -> pl.DataFrame:
    """The columns of `schema` in its order and types. Casts integers of other widths, and columns without any value.

    Raises:
        InvalidInputError: a column is missing, unknown (if `exact`) or of another type, or an integer does not fit.
    """
    check_columns(frame, schema, where, exact=exact)
    columns = []
    for name, wanted in schema.items():
        column = frame[name]
        integers = wanted.is_integer() and column.dtype.is_integer()
        if not (column.dtype == wanted or integers or column.null_count() == len(column)):
            raise InvalidInputError(f"{where}: column {name!r} has type {column.dtype}, expected {wanted}")
        cast = column.cast(wanted, strict=False)
        check_cast(column, cast, f"must fit {wanted}", where)
        columns.append(cast)
    return pl.DataFrame(columns)


def check_cast(column: pl.Series, cast: pl.Series, rule: str, where: str) -> None:
    """Raises InvalidInputError for the first value of `column` that is null in `cast`."""
    lost = cast.is_null() & column.is_not_null()
    if lost.any():
        row = first_true(lost)
        raise InvalidInputError(f"{where}: row {row + 1}: column {column.name!r} {rule} (found {column[row]!r})")


def check_rows(frame: pl.DataFrame, rules: Sequence[Rule], where: str) -> None:
    """Raises InvalidInputError for the first broken rule, with file, row (from 1) and column."""
    # One pass decides whether any rule is broken; only then is the first broken one looked for.
    if not frame.select(pl.any_horizontal(broken.any() for _, broken, _ in rules)).item():
        return
    for column, broken, rule in rules:
        flags = frame.select(broken=broken.fill_null(False))["broken"]
        if flags.any():
            row = first_true(flags)
            raise InvalidInputError(f"{where}: row {row + 1}: column {column!r} {rule} (found {frame[column][row]!r})")


def first_true(flags: pl.Series) -> int:
    """Position of the first true flag; there must be one."""
    row = flags.arg_max()
    assert row is not None
    return row
