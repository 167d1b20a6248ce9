"""The lifecycle in steps: import, first champion, sales and webhooks, a refit, a bad promotion, its rollback."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from uuid import UUID, uuid5

from lab.policy_replay.faults import Fault, spoil_training
from services.api.webhooks import queries as webhooks
from services.api.webhooks.schemas import WebhookOrder
from services.trainer.executor import FitJob
from shared.contracts.messages import Payload, TrainingRequested
from shared.evaluation.policy import load_policy
from shared.messaging.ticks import slot_at, tick
from shared.messaging.transaction import originating
from shared.registry import operations
from shared.registry.operations import Act
from shared.valuation import training
from shared.valuation.snapshot import Snapshot
from shared.webhooks.filters import DealFilters
from tests.chaos.crash_points.world import Call, Process
from tests.factories import market, small_market

_NAMESPACE = UUID("b1f9c2a4-6d53-5e0e-8f37-2c9f5a7d1e60")
KNOBS = {
    "min_sales = 200 ": "min_sales = 60", "target_sales = 240": "target_sales = 80",
    "max_bias = 0.02": "max_bias = 0.5",
    "bias_resolution = 0.04": "bias_resolution = 0.9", "coverage_tolerance = 0.05": "coverage_tolerance = 0.5",
    "coverage_resolution = 0.10": "coverage_resolution = 0.9", "warm_up_sales = 10": "warm_up_sales = 2",
    "margin = 0.0025": "margin = 0.5", "max_mean = 0.03": "max_mean = 5.0", "max_p99 = 0.15": "max_p99 = 5.0",
    "max_median = 0.02": "max_median = 5.0",
    'first_tolerates = [': 'first_tolerates = ["beats_last_sale_carry_mean", "beats_last_sale_carry_median", ',
}  # fmt: skip
WRONG = -timedelta(days=3)
"""The training on data until so long after the beginning learns wrong prices."""
SECRET = "whsec_" + "A" * 32
HISTORY = 2_200


@dataclass(frozen=True)
class Step:
    """What comes from outside at one instant: messages, sent once, or a call, which is repeated until it returns."""

    name: str
    after: timedelta
    messages: Sequence[tuple[Payload, UUID]] = ()
    call: Call | None = None


@dataclass(frozen=True)
class Scenario:
    """The steps, and the market in which they happen."""

    begin: datetime
    source: small_market.Source
    policy: str
    fit: Callable[[FitJob], bytes]
    steps: Sequence[Step]


def scenario(seed: int, receiver: str) -> Scenario:
    """The scenario of this seed; the seed makes the market."""
    begin = datetime.fromtimestamp(market.START + HISTORY * market.STEP_S, UTC)
    source = small_market.Source(market.events_frame(seed, count=HISTORY + 800))

    def step(name: str, hours: float, *jobs: str, call: Call | None = None, ask: str | None = None) -> Step:
        after = timedelta(hours=hours)
        messages: list[tuple[Payload, UUID]] = [tick(job, slot_at(job, begin + after)) for job in jobs]
        if ask is not None:
            identity = uuid5(_NAMESPACE, ask)
            cutoff = begin + WRONG
            asked = TrainingRequested(reason=ask, requested_by="ada", request_id=identity, data_cutoff=cutoff)
            messages.append((asked, identity))
        return Step(name, after, messages, call)

    async def subscribe(process: Process) -> None:
        order = WebhookOrder(
            url=receiver,
            events=["deal.found", "deal.gone", "sale.scored", "model.promoted", "model.rolled_back"],
            filters=DealFilters(types=["Zombie", "Ape", "Alien"]),
        )
        identity, at = uuid5(_NAMESPACE, "webhook"), process.platform.clock.now()
        async with originating(process.platform.database, process.platform.clock, source="api") as transaction:
            if await webhooks.one(transaction.connection, identity, "anna") is None:
                await webhooks.insert(transaction.connection, identity, "anna", order, secret=SECRET, at=at)

    async def promote_by_mistake(process: Process) -> None:
        database, clock = process.platform.database, process.platform.clock
        async with originating(database, clock, source="api") as transaction:
            model = await transaction.connection.fetchval(NEWEST_MODEL_SQL)
            act = Act(model, "ada", "a mistake", clock.now(), expected_generation=1)
            await operations.promote(transaction, act, load_policy(), override=True)

    steps = [
        step("import", 0, "ingest"),
        step("subscribe", 0.1, call=subscribe),
        step("first training", 1, "retrain_check"),
        step("sales", 3, "ingest"),
        step("nowcast", 3.5, "nowcast"),
        step("more sales", 8, "ingest"),
        step("monitor", 9, "monitor"),
        step("request", 26, "ingest", ask="a refit"),
        step("mistake", 27, call=promote_by_mistake),
        step("watch", 28, "monitor"),
        step("later sales", 36, "ingest"),
        step("last nowcast", 36.5, "nowcast"),
        step("last watch", 37, "monitor"),
    ]
    return Scenario(begin, source, _policy(), _fitting(begin), steps)


def _policy() -> str:
    """The packaged policy, except that few sales are enough and a weak model will do."""
    text = files("shared.evaluation").joinpath("policy.toml").read_text(encoding="utf-8")
    for packaged, ours in KNOBS.items():
        assert text.count(packaged) == 1, packaged
        text = text.replace(packaged, ours)
    return text


NEWEST_MODEL_SQL = "select model_id from models order by registered_at desc limit 1"


def _fitting(begin: datetime) -> Callable[[FitJob], bytes]:
    """Fits each snapshot once. The second model of the scenario, which learns later sales, learns wrong prices."""

    @lru_cache(maxsize=8)
    def fit(job: FitJob) -> bytes:
        snapshot = Snapshot.from_parquet(job.snapshot)
        if snapshot.as_of == begin + WRONG:
            snapshot = spoil_training(snapshot, Fault("units", 1))
        return training.fit(snapshot, threads=job.threads, params=small_market.quick()).to_bytes()

    return fit
