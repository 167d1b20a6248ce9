"""`punkcast decode`: pages of raw logs to an event file, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from services.cli.files import TABLES
from shared.errors import InvalidInputError

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
    if out.suffix not in TABLES:
        raise InvalidInputError(f"{out}: expected a name that ends in {' or '.join(TABLES)}")
    from services.cli.decoding import decode

    decode(pages, out, history)
