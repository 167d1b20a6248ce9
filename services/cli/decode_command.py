"""`punkcast decode`: pages of raw logs to an event file, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, TypeAlias

import polars as pl
import typer
from rich.console import Console

from shared.errors import InvalidInputError
from shared.market.ethereum.history import decode_with_history, longest_gap
from shared.market.ethereum.log_pages import log_page_paths, read_log_pages
from shared.market.event_files import read_event_files
from shared.market.event_types import DELISTED, LISTED
from shared.market.events import empty_events

History: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="Event files of the time before the pages: bids placed and punks owned then are taken from them."
    ),
]


def decode_command(
    pages: Annotated[list[Path], typer.Argument(help="Pages of raw logs (.json, .json.gz), or directories of them.")],
    out: Annotated[Path, typer.Option(help="The event file to write, .parquet or .csv.")],
    history: History = None,
) -> None:
    """Decode pages of raw logs (eth_getLogs, Etherscan, Blockscout) to an event file."""
    if out.suffix not in (".parquet", ".csv"):
        raise InvalidInputError(f"{out}: expected a name that ends in .parquet or .csv")
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
