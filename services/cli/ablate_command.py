"""`punkcast ablate`: what each group of features is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.markdown import Markdown

from services.cli.evaluation.ablation_table import markdown
from services.cli.evaluation.folder import OutputFolder
from services.cli.evaluation.market import Window, read_history
from services.cli.evaluation.walking import (
    ALL_HORIZONS,
    Events,
    Force,
    Horizons,
    Out,
    ParamsFile,
    Threads,
    distinct_horizons,
    progress_bar,
)
from services.cli.replay_command import duration
from shared.errors import InvalidInputError
from shared.evaluation.ablation import changes
from shared.settings import Settings
from shared.valuation.feature_table import FEATURES
from shared.valuation.params import Params

TABLE_FILE = "ablation.md"
FIGURES_FILE = "ablation.json"


def ablate_command(
    events: Events,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of sales, UTC.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC, inclusive.")],
    out: Out,
    refit_every: Annotated[str, typer.Option(help="Fit a new model this often, like 56d.")] = "56d",
    horizon: Horizons = ALL_HORIZONS,
    group: Annotated[
        list[str] | None, typer.Option("--group", help="Leave out this group of features only. Again for more.")
    ] = None,
    params: ParamsFile = None,
    threads: Threads = None,
    *,
    force: Force = False,
) -> None:
    """Walk forward with all features, then without each group of them, and compare on the same sales.

    Writes ablation.md and ablation.json.
    """
    console = Console()
    window, every, horizons = Window(first.date(), last.date()), duration(refit_every), distinct_horizons(horizon)
    chosen = Params.load(params)
    sizes = _sizes(group)
    folder = OutputFolder.prepare(out, force=force)
    with console.status(f"reading {events}"):
        history = read_history(events, window)
        history.require_sales(window)
    with console.status("computing the features of all sales"):
        sales = history.sales(window, horizons, chosen)

    def walk(features: tuple[str, ...], on_progress: Callable[[float], None]) -> pl.DataFrame:
        return sales.walk_forward(
            first=window.start,
            until=window.end,
            refit_every=every,
            threads=threads or Settings().threads,
            params=chosen,
            features=features,
            on_progress=on_progress,
        )

    with progress_bar(console, "walking forward") as on_progress:
        steps = _parts(on_progress, 1 + len(sizes))
        full = walk(_without(None), next(steps))
        found = {name: changes(full, walk(_without(name), next(steps))) for name in sizes}
    table = markdown(found, sizes)
    folder.write_json(
        FIGURES_FILE,
        {
            "from": str(window.first),
            "to": str(window.last),
            "refit_every": refit_every,
            "files": history.files,
            "feature_schema": sales.feature_schema,
            "params": chosen.model_dump(mode="json"),
            "groups": {
                name: {"features": sizes[name], "changes": [asdict(change) for change in rows]}
                for name, rows in found.items()
            },
        },
    )
    folder.write(TABLE_FILE, table.encode())
    console.print(Markdown(table))
    console.print(f"{TABLE_FILE} and {FIGURES_FILE} are in {out}", soft_wrap=True)


def _sizes(groups: list[str] | None) -> dict[str, int]:
    """Number of features of each group that is asked for, all of them by default.

    Raises:
        InvalidInputError: there is no such group.
    """
    sizes = Counter(str(feature.group) for feature in FEATURES)
    for name in groups or ():
        if name not in sizes:
            raise InvalidInputError(f"--group {name}: there is no such group; there are {', '.join(sizes)}")
    return {name: sizes[name] for name in groups or sizes}


def _without(group: str | None) -> tuple[str, ...]:
    return tuple(feature.name for feature in FEATURES if feature.group != group)


def _parts(on_progress: Callable[[float], None], count: int) -> Iterator[Callable[[float], None]]:
    """What takes the share done of each of `count` equal pieces of work, and passes on that of the whole."""

    def part(number: int) -> Callable[[float], None]:
        return lambda share: on_progress((number + share) / count)

    return map(part, range(count))
