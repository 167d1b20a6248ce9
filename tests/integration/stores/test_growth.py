"""The bench of growth, small: four simulated months."""

from pathlib import Path

from tests.bench.growth import simulate
from tests.factories.database import Database

DAYS = 100


async def test_months_of_nowcasts_shrink_to_the_policy_and_the_past_still_answers(
    database: Database, tmp_path: Path
) -> None:
    year = await simulate(database, tmp_path / "objects", days=DAYS, width=5, run_every=25)
    published = DAYS * 48
    assert year.generations == published + DAYS * 47
    kept = await database.value(
        """select count(*) from generations left join thinned_generations t using (generation_id)
           where t.generation_id is null and role = 'champion'"""
    )
    assert kept == 30 * 48 + 62 * 24 + (DAYS - 92)
    assert year.run.sizes.store["generations"].objects == published + 3 * 47
    assert year.run.sizes.store["snapshots"].objects == 7 * 48 + (DAYS - 7)
    assert (year.proofs, year.days_of_history) == (12, DAYS)
