"""One release after another on a live platform: what a release may change, and what must go on nevertheless.

Every service is a process of the release that is deployed, on real PostgreSQL and RabbitMQ. Release N publishes.
Release N + 1 is deployed: either it serves N's champion at once, or the champion counts as unsupported, and a contender
takes its place by the rule for that.
"""

import asyncio
import shutil
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
import tomli_w

from shared.clock import SystemClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import NowcastRequested, Payload, TrainingRequested
from shared.messaging.rabbitmq import RabbitBus
from shared.messaging.ticks import tick_id
from shared.messaging.topology import declare_platform
from tests.e2e.command import ROOT
from tests.e2e.releases import Edit, Release
from tests.factories.event_folder import write_event_folder
from tests.plugins.postgres import fresh
from tests.plugins.rabbitmq import delete_names

TABLE, FEATURES = "shared/valuation/feature_table.py", "shared/valuation/features.py"
ENSEMBLE = "shared/valuation/learners/ensemble.py"
# These tests need several nowcasts within one slot of production.
EVERY_SECOND = Edit("shared/messaging/ticks.py", "timedelta(minutes=30)", "timedelta(seconds=1)")
REWORDED = (Edit(TABLE, "ln(number of asks)", "ln(count of asks)"),)
FEATURE_ADDED = (
    Edit(TABLE, '    ("own_weight",', '    ("own_months", "since its last sale", SALES, "days"),\n    ("own_weight",'),
    Edit(FEATURES, '"own_age": since / DAY_S,', '"own_age": since / DAY_S, "own_months": since / DAY_S / 30,'),
)
COMPUTATION_CHANGED = (
    Edit(
        TABLE,
        '("own_age", "time since its last sale", SALES, "days")',
        '("own_age", "time since its last sale", SALES, "days", 2)',
    ),
    Edit(FEATURES, '"own_age": since / DAY_S,', '"own_age": since / DAY_S / 7,'),
)
DEEP_TREES = '''"""Trees of another kind."""

from shared.valuation.learners.trees import Trees


class DeepTrees(Trees):
    """As `Trees`."""

    KIND = "deep trees"
'''
IMPORT = "from shared.valuation.learners.trees import Trees\n"
LEARNER_ADDED = (
    Edit("shared/valuation/learners/deep_trees.py", "", DEEP_TREES),
    Edit(ENSEMBLE, IMPORT, f"from shared.valuation.learners.deep_trees import DeepTrees\n{IMPORT}"),
    Edit(ENSEMBLE, "for kind in (Trees, Network)", "for kind in (Trees, DeepTrees, Network)"),
    Edit(
        "shared/valuation/params.toml",
        '[[learners]]\nkind = "network"',
        '[[learners]]\nkind = "deep trees"\nstart = "linear"\n\n[[learners]]\nkind = "network"',
    ),
)
FORMAT_RAISED = (Edit("shared/valuation/model.py", "punkcast-valuation/7", "punkcast-valuation/8"),)
MIGRATIONS = "shared/database/migrations/20990101"
EXPANDED = (
    Edit(f"{MIGRATIONS}000001_expand.sql", "", "-- migrate:up\nalter table generations add column note text;\n"),
)
CONTRACTED = (
    *EXPANDED,
    Edit(f"{MIGRATIONS}000002_contract.sql", "", "-- migrate:up\nalter table generations drop column note;\n"),
)
UNSUPPORTED_SQL = "select count(*) from unsupported_models where role = 'champion' and cleared_at is null"


@dataclass
class Platform:
    """A database, a broker and a store, the messages that reach them, and what they hold."""

    folder: Path
    settings: dict[str, str]
    bus: RabbitBus
    connection: asyncpg.Connection
    releases: list[Release] = field(default_factory=list)

    def release(self, edits: tuple[Edit, ...] = ()) -> Release:
        folder = self.folder / f"release-{len(self.releases)}"
        self.releases.append(Release.cut(folder, self.settings, (*edits, EVERY_SECOND)))
        return self.releases[-1]

    async def send(self, payload: Payload, message_id: UUID | None = None) -> None:
        now = SystemClock().now()
        await self.bus.publish(Envelope.wrap(payload, source="test", time=now, message_id=message_id))

    async def nowcast(self, release: Release) -> None:
        """A tick, handled by this release."""
        slot = SystemClock().now().replace(microsecond=0)
        await self.send(NowcastRequested(slot=slot), tick_id("nowcast", slot))
        await release.work("nowcaster")

    async def contender(self, release: Release, reason: str) -> str:
        """A training request, worked off as far as a decision; the contender's id."""
        await self.send(TrainingRequested(reason=reason, requested_by="test"))
        await release.work("trainer", "gatekeeper")
        return await self.value("select model_id from models order by registered_at desc limit 1")

    async def value(self, query: str, *arguments: object) -> Any:
        return await self.connection.fetchval(query, *arguments)

    async def shown(self) -> tuple[int, str]:
        """The published generation and its model."""
        row = await self.connection.fetchrow(
            "select generation_id, model_id from nowcast_pointer join generations using (generation_id)"
        )
        return row["generation_id"], row["model_id"]

    async def champion(self) -> str:
        return await self.value("select model_id from models where state = 'champion'")

    async def judged(self, model_id: str) -> str:
        """The gate's verdict, action and reason."""
        judgement = "verdict || ', ' || action || ': ' || reason"
        query = f"select {judgement} from decisions where subject_model = $1 and kind = 'gate'"
        return await self.value(query, model_id)

    async def no_dead_letters(self) -> None:
        assert [letter.reason for letter in await self.bus.dead_letters()] == []


@pytest.fixture(scope="module")
async def published(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, amqp_url: str
) -> AsyncIterator[tuple[str, Path]]:
    """Release N has published the first nowcast of its first champion: the database's name, and the store's folder."""
    folder, prefix = tmp_path_factory.mktemp("published"), f"test-{uuid4().hex[:12]}"
    (folder / "market").mkdir()
    market = await asyncio.to_thread(write_event_folder, folder / "market")
    async with fresh(postgres_url, template="template1", purpose="upgrade") as url:
        async with _platform(folder, url, amqp_url, prefix) as platform:
            release = platform.release()
            for arguments in (("migrate",), ("import", str(market))):
                (await release.command(*arguments)).succeeded()
            first = await platform.contender(release, "the first model")
            assert "promote" in await platform.judged(first)
            await platform.nowcast(release)
            assert (await platform.shown())[1] == first
            await platform.no_dead_letters()
        await delete_names(amqp_url, prefix)
        yield urlsplit(url).path.removeprefix("/"), folder / "objects"


@pytest.fixture
async def platform(
    tmp_path: Path, published: tuple[str, Path], postgres_url: str, amqp_url: str, broker_prefix: str
) -> AsyncIterator[Platform]:
    """A copy of the published platform, release N deployed."""
    template, objects = published
    shutil.copytree(objects, tmp_path / "objects")
    async with (
        fresh(postgres_url, template=template, purpose="upgraded") as url,
        _platform(tmp_path, url, amqp_url, broker_prefix) as platform,
    ):
        platform.release()
        yield platform


@asynccontextmanager
async def _platform(folder: Path, database_url: str, amqp_url: str, prefix: str) -> AsyncIterator[Platform]:
    policy = folder / "policy.toml"
    policy.write_text(_lenient((ROOT / "shared/evaluation/policy.toml").read_text()))
    settings = {
        "PUNKCAST_DATABASE_URL": database_url,
        "PUNKCAST_BROKER_URL": amqp_url,
        "PUNKCAST_BROKER_PREFIX": prefix,
        "PUNKCAST_OBJECT_STORE_URL": f"folder://{folder / 'objects'}",
        "PUNKCAST_HOME": str(folder / "home"),
        "PUNKCAST_POLICY_FILE": str(policy),
        "PUNKCAST_THREADS": "1",
    }
    bus = RabbitBus(amqp_url, prefix, clock=SystemClock())
    await declare_platform(bus)
    connection = await asyncpg.connect(database_url)
    try:
        yield Platform(folder, settings, bus, connection)
    finally:
        await connection.close()
        await bus.stop()


@pytest.mark.parametrize("edits", [REWORDED, FEATURE_ADDED, LEARNER_ADDED], ids=["reworded", "feature", "learner"])
async def test_a_champion_that_the_next_release_can_serve_goes_on_and_is_compared_with(
    platform: Platform, edits: tuple[Edit, ...]
) -> None:
    before, champion = await platform.shown()
    release = platform.release(edits)
    (await release.command("migrate", "--preflight")).succeeded()
    await platform.nowcast(release)
    after, model = await platform.shown()
    assert after > before
    assert model == champion
    contender = await platform.contender(release, "the next release")
    assert contender != champion or edits == REWORDED
    if contender != champion:
        assert not (await platform.judged(contender)).startswith("error")
    await release.work("nowcaster")
    assert (await platform.shown())[1] == await platform.champion()
    await platform.no_dead_letters()


@pytest.mark.parametrize("edits", [COMPUTATION_CHANGED, FORMAT_RAISED], ids=["computation", "format"])
async def test_a_champion_that_the_next_release_cannot_serve_is_replaced_by_rule(
    platform: Platform, edits: tuple[Edit, ...]
) -> None:
    before, champion = await platform.shown()
    release = platform.release(edits)
    refused = await release.command("models", "preflight")
    assert refused.code == 1
    assert champion in refused.output
    await platform.nowcast(release)
    assert await platform.shown() == (before, champion)
    assert await platform.value("select count(*) from alerts where kind = 'unsupported_champion'") == 1
    assert await platform.value(UNSUPPORTED_SQL) == 1
    # Nobody asked for a training but the nowcaster.
    await release.work("trainer", "gatekeeper", "nowcaster")
    after, model = await platform.shown()
    assert after > before
    assert model == await platform.champion() != champion
    assert ", promote: " in await platform.judged(model)
    assert await platform.value(UNSUPPORTED_SQL) == 0
    # The former champion is the previous model now. A standby model that cannot be served stops no deployment.
    assert (await release.command("models", "preflight")).code == 3
    verified = await release.command("decisions", "verify", "--all")
    assert verified.code == 0, verified.output
    await platform.no_dead_letters()


async def test_a_release_goes_back_to_the_code_before_on_the_schema_after(platform: Platform) -> None:
    old, new, last = platform.releases[0], platform.release(EXPANDED), platform.release(CONTRACTED)
    (await new.command("migrate")).succeeded()
    await platform.nowcast(new)
    shown = (await platform.shown())[0]
    await platform.nowcast(old)
    assert (await platform.shown())[0] > shown
    (await last.command("migrate")).succeeded()
    shown = (await platform.shown())[0]
    await platform.nowcast(new)
    await platform.nowcast(old)
    assert (await platform.shown())[0] > shown + 1
    await platform.no_dead_letters()


async def test_when_the_release_goes_back_but_not_its_champion_the_last_values_stay_until_a_rollback(
    platform: Platform,
) -> None:
    old, new = platform.releases[0], platform.release(FEATURE_ADDED)
    _, first = await platform.shown()
    contender = await platform.contender(new, "with one feature more")
    promoted = await new.command("models", "promote", contender, "--reason", "the next release", "--by", "test")
    assert promoted.code == 0 or "champion already" in promoted.errors, promoted.errors
    await platform.nowcast(new)
    shown = await platform.shown()
    assert shown[1] == await platform.champion() == contender
    # No sale came since, so the old code can only fit the model that it had: a person brings that one back.
    await platform.nowcast(old)
    await old.work("trainer", "gatekeeper", "nowcaster")
    assert await platform.shown() == shown
    assert (await old.command("models", "preflight")).code == 1
    (await old.command("models", "rollback", "--reason", "the release went back", "--by", "test")).succeeded()
    await platform.nowcast(old)
    assert (await platform.shown())[1] == await platform.champion() == first
    (await old.command("models", "preflight")).succeeded()
    await platform.no_dead_letters()


def _lenient(text: str) -> str:
    """A policy that judges sound models of a small made-up market soundly: it has few sales and no seasons."""
    policy = tomllib.loads(text)
    policy["holdout"] |= {"min_sales": 50, "target_sales": 80}
    baseline = ["beats_trait_median_mean", "beats_trait_median_median"]
    policy["promotion"]["first_tolerates"] += baseline
    policy["unsupported_champion"]["tolerates"] += baseline
    policy["absolute"] |= {
        "max_bias": 0.5, "bias_resolution": 0.9, "coverage_tolerance": 0.9, "coverage_resolution": 0.95
    }  # fmt: skip
    policy["non_inferiority"] |= {"margin": 0.2}
    policy["slices"] |= {"min_sales": 80}
    policy["blast_radius"] |= {"max_mean": 2.0, "max_p99": 4.0, "max_median": 2.0}
    policy["infra"] |= {"max_latency_s": 60.0}
    return tomli_w.dumps(policy)
