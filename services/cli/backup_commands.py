"""`punkcast backup` and `punkcast restore`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from services.cli.context import on_platform
from services.cli.retention_command import size
from shared.errors import InvalidInputError

if TYPE_CHECKING:
    from services.cli.backup.making import Progress
    from services.cli.backup.manifest import Manifest
    from services.cli.backup.restoring import Verified
    from shared.database.pool import Database
    from shared.runtime.platform import Platform
    from shared.storage.object_store import ObjectStore

T = TypeVar("T")


def backup_command(
    to: Annotated[str, typer.Option("--to", help="A folder; several backups in one share their objects.")],
) -> None:
    """Dump the database and copy the objects that it refers to."""
    from services.cli.backup.making import back_up
    from shared.database.embedded import database_url

    if "://" in to:
        raise InvalidInputError(f"--to {to}: expected a folder; copy the folder to a bucket afterwards (rclone copy)")
    started = perf_counter()
    with _progress() as progress:

        async def run(platform: Platform) -> tuple[Path, Manifest]:
            async with database_url(platform.settings) as url:
                return await back_up(
                    platform.database, url, platform.store, Path(to), at=platform.clock.now(), progress=progress
                )

        backup, manifest = on_platform(run)
    held = sum(one.size for one in manifest.objects)
    typer.echo(
        f"{backup}: {sum(manifest.rows.values()):,} rows in a dump of {size(manifest.dump_bytes)}, "
        f"{len(manifest.objects):,} objects ({size(held)}), {perf_counter() - started:.1f} s"
    )
    if manifest.missing:
        typer.echo(f"MISSING in the object store: {', '.join(manifest.missing[:5])} ({len(manifest.missing):,} in all)")
        raise typer.Exit(1)


def restore_command(
    source: Annotated[Path, typer.Option("--from", help="A folder of backups (the newest is taken), or one backup.")],
) -> None:
    """Restore a backup into an empty database and object store, and verify every hash, root and count."""
    from services.cli.backup.manifest import newest
    from services.cli.backup.restoring import restore

    backup, started = newest(source), perf_counter()
    with _progress() as progress:

        async def run(database: Database, url: str, store: ObjectStore) -> Verified:
            return await restore(database, url, store, backup, progress=progress)

        verified = asyncio.run(_unmigrated(run))
    typer.echo(
        f"restored {backup} in {perf_counter() - started:.1f} s: {verified.rows:,} rows, {verified.objects:,} objects; "
        f"hashes and roots are right: {verified.from_rows:,} generations from rows, {verified.from_files:,} from files"
    )
    if verified.unproven:
        typer.echo(f"{verified.unproven:,} generations of companions have neither rows nor a file, as when backed up")
    typer.echo("Next: delete the queues of the broker's prefix, run `punkcast migrate`, and start the workers.")


async def _unmigrated(action: Callable[[Database, str, ObjectStore], Awaitable[T]]) -> T:
    """Run on the database and store of the settings, as they are: a migrated database would not be empty."""
    from shared.database.embedded import database_url
    from shared.database.pool import Database
    from shared.settings import Settings
    from shared.storage.opening import open_store

    settings = Settings()
    store = open_store(settings.object_store_url, settings.home)
    async with database_url(settings) as url:
        database = await Database.connect(url)
        try:
            return await action(database, url, store)
        finally:
            await database.close()
            await store.close()


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.console import Console

    with Console(stderr=True).status("starting …") as status:

        def show(what: str, done: int, of: int) -> None:
            status.update(f"{what} …" if of <= 1 else f"{what}: {done:,} of {of:,}")

        yield show
