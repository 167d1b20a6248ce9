"""`punkcast retention`: apply the retention policy, or show what it would remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.context import on_platform, show

if TYPE_CHECKING:
    from shared.runtime.platform import Platform
    from shared.stores.retention.job import Run
    from shared.stores.retention.thinning import Tier


def retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; show what a run would remove.")] = False,
) -> None:
    """Remove the rows and files that the retention policy does not keep; the daily tick does the same."""
    from rich.console import Console

    from shared.settings import Settings
    from shared.stores.retention import job, thinning
    from shared.stores.retention.policy import load_retention

    policy = load_retention(Settings().retention_file)
    console = Console()

    async def look(platform: Platform) -> list[Tier]:
        async with platform.database.connection() as connection:
            return await thinning.tiers(connection, policy, platform.clock.now())

    async def run(platform: Platform) -> Run:
        return await job.run(database=platform.database, store=platform.store, clock=platform.clock, policy=policy)

    if dry_run:
        ages = {
            "every": f"up to {policy.nowcasts.every_days} days",
            "hourly": f"up to {policy.nowcasts.hourly_days} days",
            "daily": "older",
            "companions": f"rows for {policy.companions.days} days",
        }
        rows = [(tier.tier, ages[tier.tier], tier.records, tier.with_rows, tier.due) for tier in on_platform(look)]
        show(console, ("generations", "age", "on record", "with rows", "would lose them"), rows, nothing="")
        return
    done = on_platform(run)
    console.print(
        f"{done.generations:,} generations lost {done.rows:,} rows; {done.removed.objects:,} objects "
        f"({size(done.removed.bytes)}) removed; {len(done.rewritten)} partitions rewritten",
        soft_wrap=True,
    )
    console.print(sizes(done), soft_wrap=True)


def sizes(run: Run) -> str:
    """The sizes after a run, in one line."""
    store = sum(kind.bytes for kind in run.sizes.store.values())
    return f"database {size(run.sizes.database)}, of it nowcasts {size(run.sizes.nowcasts)}; store {size(store)}"


def size(octets: int) -> str:
    """Bytes as megabytes of 10^6."""
    return f"{octets / 1e6:,.1f} MB"
