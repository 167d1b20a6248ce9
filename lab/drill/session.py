"""A drill from the command line: a scratch platform, and the table of recoveries."""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from lab.drill.drill import NOWCAST_EVERY, Recovery, drill
from lab.stage import opened
from services.cli.context import show
from services.cli.files import write_json
from services.cli.interruption import run_interruptibly
from shared.settings import Settings
from shared.sources.simulated import SimulatedMarket
from shared.telemetry.logging import configure

SEED, DAYS = 11, 120
START = datetime(2024, 6, 1, tzinfo=UTC)
BEGIN = START + timedelta(days=1)


def run(json_file: Path | None) -> None:
    """Run the drill in a temporary folder, print the recoveries, and write them to `json_file` if given."""
    console = Console()
    home = Path(tempfile.mkdtemp(prefix="punkcast-drill-"))
    try:
        recoveries = run_interruptibly(_play(home, console), console, advice="Interrupted; nothing is left behind.")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    _report(console, recoveries)
    if json_file is not None:
        write_json(json_file, recoveries)


async def _play(home: Path, console: Console) -> list[Recovery]:
    settings = Settings(home=home, database_url="embedded://", object_store_url="folder://")
    configure(settings.model_copy(update={"log_level": "CRITICAL"}), "drill")
    market = SimulatedMarket(seed=SEED, start=START, days=DAYS)
    async with opened(settings, BEGIN, name="drill") as stage:
        return await drill(stage, market, say=lambda text: console.print(f"{text} …", highlight=False))


def _report(console: Console, recoveries: list[Recovery]) -> None:
    console.print(f"Rollback drill (nowcasts every {NOWCAST_EVERY.seconds // 3600} h, the monitor hourly)")
    show(
        console,
        ("bad model", "recovered after", "sales", "nowcasts", "machine time", "rolled back because"),
        [
            (f"{r.fault}: {r.meaning}", f"{r.hours:.0f} h", r.sales, r.nowcasts, f"{r.wall_s:.1f} s", r.reason)
            for r in recoveries
        ],
        nothing="",
    )
