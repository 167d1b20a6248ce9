"""`punkcast audit chain`: the stored events, compared with a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.context import platform
from services.cli.interruption import run_interruptibly
from shared.errors import InvalidInputError
from shared.settings import Settings
from shared.urls import split

if TYPE_CHECKING:
    from rich.console import Console

    from shared.market.chain import Place
    from shared.sources.source import BlockSource

NAMED: Final = 5
"""How many differences are printed."""


def chain_command(
    node: Annotated[str | None, typer.Option(help="Another node to ask, like https://host/key.")] = None,
    first: Annotated[
        int | None, typer.Option("--from", min=0, help="First block; default: the market's first.")
    ] = None,
    last: Annotated[int | None, typer.Option("--to", min=0, help="Last block; default: the last one read.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only the result.")] = False,
) -> None:
    """Compare the stored events with a node's logs. Changes nothing; ends with 1 if they differ."""
    from rich.console import Console

    from shared.sources.source import chain_of

    settings, console = Settings(), Console()
    if node is not None:
        # The other parameters of the source stay.
        known = split(settings.source_url, "PUNKCAST_SOURCE_URL")
        query = known.query if known.scheme.startswith("ethereum") else ""
        settings = settings.model_copy(update={"source_url": f"ethereum+{node}?{query}", "rpc_urls": None})
    work = _audit(settings, chain_of(settings), console, first, last, quiet=quiet)
    if not run_interruptibly(work, console, advice="Interrupted; nothing was changed."):
        raise typer.Exit(1)


async def _audit(
    settings: Settings, source: BlockSource, console: Console, first: int | None, last: int | None, *, quiet: bool
) -> bool:
    from services.cli.progress import steps
    from shared.stores import chain_repository
    from shared.stores.chain_comparison import differences

    begin = source.start_block if first is None else first
    missing, surplus, events = list["Place"](), list["Place"](), 0
    try:
        async with platform(settings, log_level="ERROR") as opened:
            async with opened.database.connection() as connection:
                end = await chain_repository.read_up_to(connection, source.identity)
            end = end if last is None else min(last, end)
            if end < begin:
                raise InvalidInputError(f"blocks {begin} to {end}: nothing is stored there to compare")
            with steps(console, quiet=quiet) as shown:
                shown.show("asking the node")
                async for part in differences(opened.database, source, begin, end):
                    events += part.events
                    missing += part.missing
                    surplus += part.surplus
                    note = f"{events:,} events, {len(missing) + len(surplus):,} different"
                    shown.show(f"block {part.last:,}", of=(part.last - begin + 1, end - begin + 1), note=note)
    finally:
        await source.close()
    console.print(
        f"{events:,} events of blocks {begin:,} to {end:,} compared: the node has {len(missing):,} that are not "
        f"stored, and lacks {len(surplus):,}",
        soft_wrap=True,
    )
    for what, places in (("not stored", missing), ("not at the node", surplus)):
        for block, index, transaction in places[:NAMED]:
            console.print(f"{what}: block {block}, log_index {index}, transaction {transaction}", soft_wrap=True)
    if missing:
        console.print(
            f"`punkcast backfill --from {missing[0][0]}` reads them, if their blocks prove them", soft_wrap=True
        )
    return not missing and not surplus
