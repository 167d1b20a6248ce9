"""`punkcast serve`: the gateway and all workers in one process, the whole of the embedded mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.cli.context import on_platform

if TYPE_CHECKING:
    from shared.runtime.platform import Platform


def serve_command() -> None:
    """Run the gateway and all workers in this process until interrupted."""

    async def run(platform: Platform) -> None:
        from rich.console import Console

        from services.cli.bundled import begin_with_history
        from services.embedded import serve
        from shared.sources.source import source_of

        console = Console(stderr=True)
        source = source_of(platform.settings)
        await begin_with_history(platform, source, console.print)
        await serve(platform, console, source)

    on_platform(run, service="punkcast", log_level=None)
