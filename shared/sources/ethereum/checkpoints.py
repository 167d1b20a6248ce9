"""Known events of CryptoPunksMarket on Ethereum, to notice a node that omits old logs and says nothing.

`python -m shared.sources.ethereum.checkpoints EVENTS > shared/sources/ethereum/checkpoints.csv` writes the table from a
Parquet file of events.
"""

import csv
import sys
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl

from shared.market.chain import ChainIdentity, Checkpoint, digest
from shared.sources.ethereum.contract import FIRST_BLOCK, MARKET_ADDRESS

MAINNET: Final = ChainIdentity(1, MARKET_ADDRESS)
FIRST_ASSIGN: Final = 3_918_216
"""The first block with logs of `Assign`: a node with the history has logs in it."""
_BLOCKS: Final = 100_000


@cache
def checkpoints_of(identity: ChainIdentity) -> Sequence[Checkpoint]:
    """The checkpoints of this market, ascending without gaps; none for another market than CryptoPunksMarket."""
    if identity != MAINNET:
        return ()
    rows = csv.reader(files("shared.sources.ethereum").joinpath("checkpoints.csv").read_text().splitlines())
    return [Checkpoint(int(first), int(last), int(events), digest) for first, last, events, digest in rows]


def from_events(events: pl.DataFrame) -> list[Checkpoint]:
    """The checkpoints of a complete history (`EVENT_SCHEMA`); the blocks after its last full interval have none."""
    found = []
    places = events.select("block", "log_index", "tx_hash")
    for first in range(FIRST_BLOCK, int(events["block"][-1]) - _BLOCKS, _BLOCKS):
        last = first + _BLOCKS - 1
        part = places.filter(pl.col("block").is_between(first, last))
        found.append(Checkpoint(first, last, part.height, digest(part.iter_rows())))
    return found


if __name__ == "__main__":
    csv.writer(sys.stdout, lineterminator="\n").writerows(
        (one.first, one.last, one.events, one.digest) for one in from_events(pl.read_parquet(sys.argv[1]))
    )
