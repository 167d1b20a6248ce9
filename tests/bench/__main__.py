"""`make bench`: how fast the parts are, as ratios to a bare limit measured in the same run.

Names of benchmarks (`make bench ARGS="gate_size false_alarms"`) choose some; none is all of them. Prints a table and
writes `bench-results.json`, a list of {name, value, unit, limit, ratio}: `limit` is the bare limit
on the same machine in the same minutes, `ratio` is value / limit. Medians of several runs.
"""

import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from shared.database.embedded import database_url
from shared.database.migrate import migrate
from shared.settings import Settings
from tests.bench.deal_latency import deal_latency
from tests.bench.decode_rate import decode_rate
from tests.bench.false_alarms import false_alarms
from tests.bench.feature_rate import feature_rate
from tests.bench.garbage import garbage
from tests.bench.gate_size import gate_size
from tests.bench.gateway import gateway
from tests.bench.growth import growth
from tests.bench.import_rate import import_rate
from tests.bench.market_state import market_state
from tests.bench.measured import Measured
from tests.bench.nowcast_cycle import nowcast_cycle
from tests.bench.reads_under_publication import reads_under_publication
from tests.bench.scale import scale
from tests.plugins.market_data import market_data_folder

RESULTS = Path("bench-results.json")
BENCHES = (
    import_rate, decode_rate, market_state, feature_rate, nowcast_cycle, gate_size, false_alarms, scale, gateway,
    deal_latency, growth, garbage, reads_under_publication,
)  # fmt: skip


async def measure(console: Console, asked: list[str]) -> list[Measured]:
    events = market_data_folder()
    with tempfile.TemporaryDirectory(prefix="punkcast-bench-") as folder:
        settings = Settings(home=Path(folder))
        async with database_url(settings) as url:
            await migrate(url)
            results = []
            for bench in [bench for bench in BENCHES if not asked or bench.__name__ in asked]:
                console.print(f"measuring {bench.__name__.replace('_', ' ')} …")
                results += await bench(url, settings.home, events)
            return results


def main() -> int:
    console, asked = Console(), sys.argv[1:]
    names = [bench.__name__ for bench in BENCHES]
    if unknown := sorted(set(asked) - set(names)):
        console.print(f"no benchmark {', '.join(unknown)}: there are {', '.join(names)}")
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    results = asyncio.run(measure(console, asked))
    table = Table("what", "value", "bare limit", "ratio", title="Benchmarks (medians)")
    for one in results:
        table.add_row(one.name, _figure(one.value, one.unit), _figure(one.limit, one.unit), f"{one.ratio:.2f}")
    console.print(table)
    RESULTS.write_text(json.dumps([one.as_json() for one in results], indent=2) + "\n")
    console.print(f"written to {RESULTS}")
    return 0


def _figure(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


if __name__ == "__main__":
    sys.exit(main())
