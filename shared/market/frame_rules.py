"""Checks of data frames from outside: columns, types, and rules for every row."""

from collections.abc import Sequence
from typing import NoReturn

import polars as pl

from shared.errors import InvalidInputError
from shared.market.frame_columns import converted, expected, repair

Schema = dict[str, pl.DataType]
Rule = tuple[str, pl.Expr, str]
"""Column, an expression that is true where the rule is broken, and the rule in words."""


class CheckedFrame:
    """A table from outside in the columns and types of a schema, and everything that is wrong with it.

    Attributes:
        frame: the columns of the schema, in its order; a column that could not be read is null. Others are left out.
    """

    def __init__(self, table: pl.DataFrame, schema: Schema, where: str) -> None:
        self._where = where
        self._unread: set[str] = set()
        self._wrong: dict[str, list[str]] = {}
        self.frame = pl.DataFrame([self._column(table, name, wanted) for name, wanted in schema.items()])
        self._name_missing(table, schema)

    def wrong(self, *columns: str) -> bool:
        """Whether something is wrong with one of these columns."""
        return any(column in self._wrong for column in columns)

    def add(self, column: str, problem: str) -> None:
        """Note what is wrong with a column."""
        self._wrong.setdefault(column, []).append(problem)

    def check_rows(self, rules: Sequence[Rule]) -> None:
        """Note the broken rules, and leave out what only follows: a rule about a value that broke a rule before it."""
        if self._unread:
            rules = [rule for rule in rules if self._unread.isdisjoint(rule[1].meta.root_names())]
        # One pass decides whether any rule is broken; only then are the broken ones looked for.
        if not rules or not self.frame.select(pl.any_horizontal(broken.any() for _, broken, _ in rules)).item():
            return
        wrong: dict[str, pl.Series] = {}
        for column, broken, rule in rules:
            flags = self.frame.select(broken=broken.fill_null(False))["broken"]
            for read in broken.meta.root_names():
                flags = flags & ~wrong[read] if read in wrong else flags
            self._add_rows(column, flags, rule, self.frame[column])
            wrong[column] = wrong[column] | flags if column in wrong else flags

    def valid(self) -> pl.DataFrame:
        """The frame.

        Raises:
            InvalidInputError: something is wrong; the text names all of it, with rows from 1.
        """
        if self._wrong:
            refuse(self._where, [problem for problems in self._wrong.values() for problem in problems])
        return self.frame

    def _column(self, table: pl.DataFrame, name: str, wanted: pl.DataType) -> pl.Series:
        if name in table.columns:
            column = table[name]
            read = converted(column, wanted)
            if read is None:
                self.add(name, f"column {name!r} has type {column.dtype}, expected {expected(wanted)}{repair(wanted)}")
            elif read is not column:
                self._add_rows(name, read.is_null() & column.is_not_null(), f"must hold {expected(wanted)}", column)
            if read is not None and not self.wrong(name):
                return read
        self._unread.add(name)
        return pl.repeat(None, table.height, dtype=wanted, eager=True).alias(name)

    def _name_missing(self, table: pl.DataFrame, schema: Schema) -> None:
        if missing := [repr(name) for name in schema if name not in table.columns]:
            others = [repr(name) for name in table.columns if name not in schema]
            has = f"; it has {', '.join(others)} instead" if others else ""
            are = "column {} is" if len(missing) == 1 else "columns {} are"
            self.add("", f"{are.format(', '.join(missing))} missing{has}")

    def _add_rows(self, column: str, flags: pl.Series, rule: str, values: pl.Series) -> None:
        if count := int(flags.sum()):
            row = first_true(flags)
            # Python's datetime has no nanoseconds.
            found = values.slice(row, 1).cast(pl.String)[0] if values.dtype.is_temporal() else short(values[row])
            more = f"; {count - 1} more such rows" if count > 1 else ""
            self.add(column, f"row {row + 1}: column {column!r} {rule} (found {found}{more})")


def refuse(where: str, problems: Sequence[str]) -> NoReturn:
    """Raise an InvalidInputError that names all the problems of the place `where`."""
    if len(problems) == 1:
        raise InvalidInputError(f"{where}: {problems[0]}")
    numbered = "; ".join(f"({number}) {problem}" for number, problem in enumerate(problems, start=1))
    raise InvalidInputError(f"{where}: {len(problems)} problems: {numbered}")


def short(value: object) -> str:
    """The value for an error, cut to 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def first_true(flags: pl.Series) -> int:
    """Position of the first true flag; there must be one."""
    row = flags.arg_max()
    assert row is not None
    return row
