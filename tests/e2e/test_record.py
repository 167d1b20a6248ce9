"""The record of a replay: what the gateway says of it follows from the outcomes that it hands out."""

from shared.database.embedded import database_url
from shared.settings import Settings
from tests.e2e.conftest import Played
from tests.e2e.record_check import check_record
from tests.factories.database import Database
from tests.integration.api.conftest import serving


async def test_performance_and_backtest_are_what_the_downloaded_outcomes_say(played: Played) -> None:
    async with database_url(Settings(home=played.home.folder)) as url:
        database = await Database.connect(url)
        try:
            async with serving(database) as served:
                summary = await check_record(served.client)
        finally:
            await database.close()
    assert played.figures["scored"] > 20
    assert "seed_style" in summary
