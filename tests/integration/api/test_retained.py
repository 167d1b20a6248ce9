"""What the public reads stays readable after retention: values of any instant, proofs, outcomes, history."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.verification.documents import judge
from shared.clock import ManualClock
from shared.stores import sale_repository
from shared.stores.retention import job
from shared.stores.retention.policy import Companions, Inputs, NowcastRows, RetentionPolicy
from tests.factories import record
from tests.factories.database import Database
from tests.factories.harness import Store
from tests.factories.record import Made
from tests.integration.api import filling
from tests.integration.api.conftest import Served, problem, serving
from tests.integration.api.filling import NOW, Happening

PUNKS = 12
START = NOW - timedelta(days=16)
POLICY = RetentionPolicy(
    nowcasts=NowcastRows(every_days=9, hourly_days=12), companions=Companions(days=2), inputs=Inputs(every_days=1)
)


@dataclass
class Kept:
    """A gateway on a record of sixteen days, to which the policy can be applied."""

    served: Served
    store: Store
    made: list[Made]

    @property
    def database(self) -> Database:
        return self.served.database

    async def retain(self) -> None:
        run = await job.run(database=self.database, store=self.store, clock=ManualClock(NOW), policy=POLICY)
        assert run.generations > 150

    async def thinned(self) -> int:
        """A generation in the middle of those without rows."""
        rows = await self.database.rows("select generation_id from thinned_generations order by 1")
        return int(rows[len(rows) // 2]["generation_id"])


@pytest.fixture
async def kept(database: Database, tmp_path: Path) -> AsyncIterator[Kept]:
    store = Store(tmp_path / "objects")
    async with database.transaction() as connection:
        await filling.fill_punks(connection, PUNKS)
        model = await filling.fill_model(connection, champion=True)
        made = await record.publish(
            connection, store.root, [("champion", model)], start=START, end=NOW, punks=PUNKS, readable=True
        )
        sales = [Happening("sale", 1, 8 * 24 + 0.3, 41), Happening("sale", 2, 30, 42), Happening("sale", 3, 31, 43)]
        await filling.happen(connection, *sales, Happening("sale", 4, 29, 44, exclusion="wash"))
        seqs = [row["event_seq"] for row in await connection.fetch("select event_seq from sales where valid")]
        assert await sale_repository.score(connection, seqs, at=NOW) == 3
    async with serving(database, store=store) as served:
        await served.until_shown(made[-1].generation_id)
        yield Kept(served, store, made)


async def test_every_answer_about_the_past_is_the_same_before_and_after(kept: Kept) -> None:
    old = [made for made in kept.made if NOW - made.as_of > timedelta(days=9)][::37]

    async def answers() -> dict[str, Any]:
        paths = ["/v1/nowcasts?limit=200"]
        for record_of_sales in ("/v1/outcomes", "/v1/performance"):
            paths += [record_of_sales, f"{record_of_sales}?exclusions=false"]
        for one in old:
            number, later = one.generation_id, one.as_of + timedelta(minutes=7)
            paths += [f"/v1/nowcasts/{number}", f"/v1/nowcasts/{number}/proof/7"]
            paths.append(f"/v1/nowcasts/current?as_of={later:%Y-%m-%dT%H:%M:%SZ}")
        found = {}
        for path in paths:
            answer = await kept.served.client.get(path)
            assert answer.status_code == 200, (path, answer.text)
            found[path] = answer.content
        return found

    before = await answers()
    await kept.retain()
    async with serving(kept.database, store=kept.store) as fresh:
        await fresh.until_shown(kept.made[-1].generation_id)
        kept.served = fresh
        assert await answers() == before
    assert kept.store.reads, "some came from their files"


async def test_a_proof_of_a_generation_without_rows_leads_to_the_published_root(kept: Kept) -> None:
    await kept.retain()
    number = await kept.thinned()
    root = await kept.database.value("select merkle_root from generations where generation_id = $1", number)
    for path in (f"/v1/nowcasts/{number}/proof/5", f"/v1/nowcasts/{number}"):
        assert judge(await kept.served.json(path), trusted_root=root).holds


async def test_the_history_of_a_punk_thins_out_with_age(kept: Kept) -> None:
    await kept.retain()
    history = await kept.served.json("/v1/punks/5/history")
    days = {point["as_of"][:10] for point in history["values"]}
    assert len(days) == 17, "each day still has its value"


async def test_while_the_store_is_away_only_old_generations_fail(kept: Kept) -> None:
    await kept.retain()
    number = await kept.thinned()
    kept.store.away = -1
    assert problem(await kept.served.client.get(f"/v1/nowcasts/{number}")) == (503, "unavailable")
    assert (await kept.served.client.get("/v1/nowcasts/current")).status_code == 200
    kept.store.away = 0
    assert (await kept.served.client.get(f"/v1/nowcasts/{number}")).status_code == 200


async def test_a_generation_whose_file_is_lost_is_gone_and_a_damaged_file_is_refused(kept: Kept) -> None:
    await kept.retain()
    number = await kept.thinned()
    key = await kept.database.value("select object_key from archives where id = $1", str(number))
    (kept.store.root / key).write_bytes(b"damaged")
    assert problem(await kept.served.client.get(f"/v1/nowcasts/{number}")) == (500, "integrity")
    (kept.store.root / key).unlink()
    assert problem(await kept.served.client.get(f"/v1/nowcasts/{number}")) == (410, "generation-gone")
