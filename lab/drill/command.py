"""`punkcast drill`: does the platform get rid of a bad model by itself, and how fast?"""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lab.drill.drill import NOWCAST_EVERY, Recovery, drill
from lab.replay.command import require_writable
from lab.replay.session import write_whole
from services.cli.interruption import run_interruptibly
from shared.clock import ManualClock
from shared.database.embedded import database_url
from shared.database.migrate import migrate
from shared.market.simulated import SimulatedMarket
from shared.messaging.memory import MemoryBus
from shared.runtime.platform import open_platform
from shared.settings import Settings
from shared.telemetry.logging import configure

SEED, DAYS = 11, 120
START = datetime(2024, 6, 1, tzinfo=UTC)
BEGIN = START + timedelta(days=1)


def drill_command(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
) -> None:
    """Promote deliberately bad models in a scratch database and watch them being rolled back.

    Nothing of yours is touched: database, object store and market are new, simulated and thrown away.
    """
    if json_file is not None:
        require_writable(json_file)
    console = Console()
    home = Path(tempfile.mkdtemp(prefix="punkcast-drill-"))
    try:
        recoveries = run_interruptibly(_play(home, console), console, advice="Interrupted; nothing is left behind.")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    _report(console, recoveries)
    if json_file is not None:
        write_whole(json_file, json.dumps([one.as_json() for one in recoveries], indent=2) + "\n")


async def _play(home: Path, console: Console) -> list[Recovery]:
    settings = Settings(
        home=home,
        database_url="embedded://",
        broker_url="memory://",
        object_store_url="folder://",
        alert_webhook_url=None,
    )
    configure(settings.model_copy(update={"log_level": "CRITICAL"}), "drill")
    clock = ManualClock(BEGIN)
    bus = MemoryBus(clock)
    async with database_url(settings) as url:
        await migrate(url)
        resolved = settings.model_copy(update={"database_url": url})
        async with open_platform(resolved, clock=clock, bus=bus) as platform:
            market = SimulatedMarket(seed=SEED, start=START, days=DAYS)
            return await drill(
                platform, clock, bus, market, say=lambda text: console.print(f"{text} …", highlight=False)
            )


def _report(console: Console, recoveries: list[Recovery]) -> None:
    table = Table(title=f"Rollback drill (nowcasts every {NOWCAST_EVERY.seconds // 3600} h, the monitor hourly)")
    for column in ("bad model", "recovered after", "sales", "nowcasts", "machine time", "rolled back because"):
        table.add_column(column)
    for one in recoveries:
        table.add_row(
            f"{one.fault}: {one.meaning}",
            f"{one.hours:.0f} h",
            str(one.sales),
            str(one.nowcasts),
            f"{one.wall_s:.1f} s",
            one.reason,
        )
    console.print(table)
