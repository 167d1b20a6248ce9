"""`punkcast import`: event files and pages of raw logs into the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.decode_command import History


def import_command(
    path: Annotated[
        Path,
        typer.Argument(help="A directory of event files or pages of raw logs, or one .parquet, .csv, .json, .json.gz."),
    ],
    history: History = None,
) -> None:
    """Append the events of files, with punks.parquet and eth_usd_daily.parquet beside them, exactly once.

    Pages of raw logs (eth_getLogs, Etherscan, Blockscout) are decoded first. A bid that was placed before a page is
    looked for in the database, or in --history, which is not imported.
    """
    from services.cli.importing import import_files

    import_files(path, history)
