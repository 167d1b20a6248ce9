"""Pages of raw logs to events, and what a person is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import polars as pl
from rich.console import Console

from shared.errors import InvalidInputError
from shared.market.ethereum.history import decode_with_history, longest_gap
from shared.market.ethereum.log_pages import log_page_paths, read_log_pages
from shared.market.event_files import read_event_files
from shared.market.event_types import DELISTED, LISTED
from shared.market.events import empty_events


def decode(pages: Sequence[Path], out: Path, history: Path | None) -> None:
    """Write the events of the pages to `out`.

    Raises:
        InvalidInputError: there is no page, or a file breaks a rule.
    """
    console = Console()
    with console.status("decoding"):
        paths = [*chain.from_iterable(_paths(path) for path in pages)]
        logs = read_log_pages(paths)
        earlier = read_history(history)
        events = decode_with_history(logs, earlier)
        events.write_parquet(out) if out.suffix == ".parquet" else events.write_csv(out)
    tell_decoded(console, paths, logs, events, earlier)
    console.print(f"written to {out}", soft_wrap=True)


def read_history(path: Path | None) -> pl.DataFrame:
    """The events of `--history`; none without it.

    Raises:
        InvalidInputError: no such file, or one that breaks a rule.
    """
    return empty_events() if path is None else read_event_files(path).events


def tell_decoded(
    console: Console, paths: Sequence[Path], logs: pl.DataFrame, events: pl.DataFrame, history: pl.DataFrame
) -> None:
    """Print what came of the pages, and what earlier events would have to tell."""
    console.print(f"{logs.height:,} logs of {len(paths):,} page(s) are {events.height:,} events", soft_wrap=True)
    nobody = events.filter(pl.col("event_type").is_in((LISTED, DELISTED)) & pl.col("from_address").is_null())
    if nobody.height:
        console.print(
            f"{nobody.height:,} listings or their ends have no seller, which only earlier events could tell",
            soft_wrap=True,
        )
    if gap := longest_gap(logs, history):
        console.print(
            f"nothing is known from {gap[0]:%Y-%m-%d} to {gap[1]:%Y-%m-%d}: sellers and prices of accepted bids that "
            "come from before that may be out of date; give what is missing with --history",
            soft_wrap=True,
        )


def _paths(path: Path) -> tuple[Path, ...]:
    found = log_page_paths(path)
    if not found:
        raise InvalidInputError(f"{path}: holds no pages of raw logs; expected .json or .json.gz")
    return found
