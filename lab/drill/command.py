"""`punkcast drill`: whether and how fast the platform rolls back a bad model without a person."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.files import require_writable


def drill_command(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
) -> None:
    """Promote deliberately bad models in a scratch database and watch them being rolled back.

    Nothing of yours is touched: database, object store and market are new, simulated and thrown away.
    """
    if json_file is not None:
        require_writable("--json", json_file, make_folder=True)

    from lab.drill.session import run

    run(json_file)
