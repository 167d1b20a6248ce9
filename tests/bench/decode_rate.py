"""Logs a second from parsed JSON objects to the event frame, beside merely parsing the JSON of the same logs."""

import json
from pathlib import Path

from shared.sources.ethereum.bids import StandingBids
from shared.sources.ethereum.decoder import decode
from shared.sources.ethereum.raw_logs import raw_logs
from shared.sources.event_files import read_event_files
from tests.bench.measured import Measured, seconds_of
from tests.factories.event_logs import event_logs

RUNS = 5
EVENTS = 165_000


async def decode_rate(_url: str, _home: Path, events: Path) -> list[Measured]:
    """The first years of the history, written back as the 200,000 logs that the contract emitted for them."""
    text = json.dumps(event_logs(read_event_files(events / "events.parquet").events.head(EVENTS)))
    rows = json.loads(text)
    decoding = seconds_of(lambda: decode(raw_logs(rows, "bench"), StandingBids()), runs=RUNS)
    parsing = seconds_of(lambda: json.loads(text), runs=RUNS)
    return [
        Measured("decoding of raw logs, JSON objects to events", len(rows) / decoding, "logs/s", len(rows) / parsing)
    ]
