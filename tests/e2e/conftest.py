"""A small simulated market as files, homes, and one replay of that market that several tests look at."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.sources.event_files import ETH_USD_FILE, PUNKS_FILE
from shared.sources.simulated import SimulatedMarket
from tests.e2e.command import Finished, Home
from tests.factories.folders import server_folder

SEED = 18
"""The first contender of this market passes its gate at once, so that its sales are scored from the first on."""
DAYS = 13
"""A contender is trained on the twelfth day of the champion's age."""


@dataclass(frozen=True)
class Market:
    """The files, and the options that play them all."""

    folder: Path
    options: tuple[str, ...]


@dataclass(frozen=True)
class Played:
    """A replay that was played in one go."""

    home: Home
    finished: Finished
    figures: dict[str, Any]


@pytest.fixture(scope="session")
async def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    folder = tmp_path_factory.mktemp("market")
    simulated = SimulatedMarket(seed=SEED, days=DAYS, history_days=200)
    (await simulated.fetch(None, simulated.end)).write_parquet(folder / "events.parquet")
    (await simulated.punks()).write_parquet(folder / PUNKS_FILE)
    (await simulated.eth_usd(simulated.end.date())).write_parquet(folder / ETH_USD_FILE)
    first, last = simulated.start.date(), simulated.end.date() - timedelta(days=1)
    options = ("--events", str(folder), "--from", str(first), "--to", str(last), "--nowcast-every", "1d")
    return Market(folder, options)


@pytest.fixture(scope="session")
async def homes() -> AsyncIterator[Callable[[], Home]]:
    """Makes homes; what killed commands leave running in them is stopped at the end."""
    made: list[Home] = []

    def make() -> Home:
        made.append(Home(server_folder("punkcast-home-")))
        return made[-1]

    yield make
    for home in made:
        await home.clean_up()
        shutil.rmtree(home.folder)


@pytest.fixture
def home(homes: Callable[[], Home]) -> Home:
    return homes()


@pytest.fixture(scope="session")
async def played(market: Market, homes: Callable[[], Home], tmp_path_factory: pytest.TempPathFactory) -> Played:
    home, file = homes(), tmp_path_factory.mktemp("figures") / "not" / "there" / "yet.json"
    finished = (await home.run("replay", *market.options, "--json", str(file))).succeeded()
    return Played(home, finished, json.loads(file.read_text()))
