"""`punkcast backtest`: strategy against passive, on the record of a database or on a file of predictions."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lab.backtest.from_files import play_files
from lab.backtest.table import show_backtest
from services.cli.context import on_platform
from services.monitor.backtest import reading, store
from services.monitor.backtest.handlers import play
from shared.backtest.result import BacktestResult, day_of
from shared.backtest.terms import WHOLE, Terms
from shared.errors import InvalidInputError, NotFoundError
from shared.runtime.platform import Platform
from shared.units import ETH


def backtest_command(
    predictions: Annotated[
        Path | None, typer.Option(help="predictions.parquet of `punkcast evaluate`; without, the database's record.")
    ] = None,
    events: Annotated[Path | None, typer.Option(help="The folder of events behind the predictions.")] = None,
    margin: Annotated[float, typer.Option(min=0, max=0.99, help="Buy asks this share under the value.")] = 0.1,
    latency: Annotated[int, typer.Option(min=0, max=1000, help="Nowcasts until an order arrives.")] = 1,
    capital: Annotated[float, typer.Option(min=0.001, max=1e9, help="ETH of each book that has a limit.")] = 1000.0,
    fee: Annotated[float, typer.Option(min=0, max=0.99, help="Share of the price that a sale costs.")] = 0.0,
    gas: Annotated[float, typer.Option(min=0, max=100, help="ETH of each purchase and of each sale.")] = 0.005,
    resamples: Annotated[int, typer.Option(min=1, max=100_000, help="Of the bootstrap.")] = 1000,
    file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Play the books and print their figures; nothing is stored. The worker's own, once a day, are at /v1/backtest."""
    terms = Terms(
        margin_bps=round(margin * WHOLE),
        latency=latency,
        capital_wei=_wei(capital),
        sell_fee_bps=round(fee * WHOLE),
        buy_gas_wei=_wei(gas),
        sell_gas_wei=_wei(gas),
        resamples=resamples,
    )
    if (predictions is None) != (events is None):
        raise InvalidInputError("--predictions and --events go together: sales are valued by one, judged by the other")
    if predictions is not None and events is not None:
        result = play_files(predictions, events, terms)
    else:
        result = on_platform(lambda platform: _of_record(platform, terms))
    show_backtest(Console(), result)
    if file is not None:
        file.write_text(json.dumps(_document(result), indent=2) + "\n")


async def _of_record(platform: Platform, terms: Terms) -> BacktestResult:
    async with (
        platform.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        reach = await reading.extent(connection)
        result = None if reach is None else await play(connection, reach, terms)
    if result is None:
        raise NotFoundError("no nowcast has been published yet; `punkcast replay` or `punkcast serve` makes a record")
    return result


def _document(result: BacktestResult) -> dict[str, object]:
    return {
        "first_day": day_of(result.first_day).isoformat(),
        "last_day": day_of(result.last_day).isoformat(),
        "generations": result.generations,
        "sales": result.sales,
        "terms": asdict(result.terms),
        "books": [store.book_document(book) for book in result.books],
        "versus": [asdict(one) for one in result.versus],
    }


def _wei(eth: float) -> int:
    return round(eth * 10**9) * (ETH // 10**9)
