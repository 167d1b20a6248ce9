"""`punkcast backtest`: strategy against passive, on the record of a database or on a file of predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.context import on_platform
from services.cli.files import require_writable, write_json
from services.cli.options import existing
from shared.errors import InvalidInputError, NotFoundError
from shared.units import eth_in_wei

if TYPE_CHECKING:
    from shared.backtest.result import BacktestResult
    from shared.runtime.platform import Platform


def backtest_command(
    predictions: Annotated[
        Path | None, typer.Option(help="predictions.parquet of `punkcast evaluate`; without, the database's record.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(callback=existing, help="The folder of events behind the predictions.")
    ] = None,
    margin: Annotated[float, typer.Option(min=0, max=0.99, help="Buy asks this share under the value.")] = 0.1,
    latency: Annotated[int, typer.Option(min=0, max=1000, help="Nowcasts until an order arrives.")] = 1,
    capital: Annotated[float, typer.Option(min=0.001, max=1e9, help="ETH of each book that has a limit.")] = 1000.0,
    fee: Annotated[float, typer.Option(min=0, max=0.99, help="Share of the price that a sale costs.")] = 0.0,
    gas: Annotated[float, typer.Option(min=0, max=100, help="ETH of each purchase and of each sale.")] = 0.005,
    resamples: Annotated[int, typer.Option(min=1, max=100_000, help="Of the bootstrap.")] = 1000,
    file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Play the books and print their figures; nothing is stored. The worker's own, once a day, are at /v1/backtest."""
    if (predictions is None) != (events is None):
        raise InvalidInputError("--predictions and --events go together: sales are valued by one, judged by the other")
    if file is not None:
        require_writable("--json", file)

    from shared.backtest.terms import WHOLE, Terms

    terms = Terms(
        margin_bps=round(margin * WHOLE),
        latency=latency,
        capital_wei=eth_in_wei(capital),
        sell_fee_bps=round(fee * WHOLE),
        buy_gas_wei=eth_in_wei(gas),
        sell_gas_wei=eth_in_wei(gas),
        resamples=resamples,
    )

    async def of_record(platform: Platform) -> BacktestResult:
        from services.backtester import reading
        from services.backtester.handlers import play

        view = {"isolation": "repeatable_read", "readonly": True}
        async with platform.database.connection() as connection, connection.transaction(**view):
            reach = await reading.extent(connection)
            result = None if reach is None else await play(connection, reach, terms)
        if result is None:
            raise NotFoundError("no nowcast was published yet; `punkcast replay` or `punkcast serve` makes a record")
        return result

    if predictions is None or events is None:
        result = on_platform(of_record)
    else:
        from lab.backtest.from_files import play_files

        result = play_files(predictions, events, terms)

    from rich.console import Console

    from lab.backtest.table import document, show_backtest

    show_backtest(Console(), result)
    if file is not None:
        write_json(file, document(result))
