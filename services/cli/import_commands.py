"""`punkcast import` and `punkcast decode`: event files and pages of raw logs.

Paths are looked at before anything slow is imported, so that a wrong one is reported at once.
"""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from services.cli.files import TABLES, require_writable
from services.cli.options import address
from shared.errors import InvalidInputError
from shared.sources.market_files import PAGES, event_paths, page_paths

History: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="Event files of the time before the pages: bids placed and punks owned then are taken from them."
    ),
]
Market: TypeAlias = Annotated[
    str | None, typer.Option(help="Address of the contract whose logs are in the pages; default: CryptoPunksMarket.")
]


def decode_command(
    pages: Annotated[list[Path], typer.Argument(help="Pages of raw logs (JSON, also gzip), or directories of them.")],
    out: Annotated[Path, typer.Option(help="The event file to write, .parquet or .csv.")],
    history: History = None,
    market: Market = None,
) -> None:
    """Decode pages of raw logs (eth_getLogs, ethers, web3.py, Etherscan, Blockscout) to an event file."""
    if out.suffix not in TABLES:
        raise InvalidInputError(f"{out}: expected a name that ends in {' or '.join(TABLES)}")
    require_writable("--out", out)
    contract = address("--market", market)
    paths: list[Path] = []
    for path in pages:
        if not (found := page_paths(path)):
            raise InvalidInputError(f"{path}: holds no pages of raw logs; expected {', '.join(PAGES)}")
        paths += found
    if history is not None:
        event_paths(history)
    from services.cli.importing import decode

    decode(paths, out, history, contract)


def import_command(
    path: Annotated[
        Path, typer.Argument(help="Event files (Parquet, CSV, Arrow) or pages (JSON), or their directory.")
    ],
    history: History = None,
    market: Market = None,
) -> None:
    """Append the events of files, with eth_usd_daily.parquet next to them, exactly once.

    Pages of raw logs (eth_getLogs, ethers, web3.py, Etherscan, Blockscout) are decoded first. A bid that was placed
    before a page is looked for in the database, or in --history, which is not imported.
    """
    contract, pages = address("--market", market), page_paths(path)
    if not pages:
        event_paths(path)
    if history is not None:
        event_paths(history)
    from services.cli.context import require_migrated

    require_migrated()
    from services.cli.importing import import_files

    import_files(path, pages, history, contract)
