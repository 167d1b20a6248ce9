"""One nowcast of 10,000 punks with all events loaded, from the tick to the moved pointer.

The bare limit is what nobody can save: XGBoost's predict on the ready feature matrix, the matrix products of the
networks, and a COPY of 10,000 rows into a table without keys.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

import numpy as np
import xgboost as xgb

from services.gatekeeper.bootstrap import build as build_gatekeeper
from services.ingestor.bootstrap import build as build_ingestor
from services.nowcaster.bootstrap import build as build_nowcaster
from services.trainer.bootstrap import build as build_trainer
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested, NowcastRequested, TrainingRequested
from shared.evaluation.policy import Policy, load_policy
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.topology import declare_platform
from shared.registry import models
from shared.runtime.platform import Platform, open_platform
from shared.settings import Settings
from shared.sources.event_files import EventFileSource
from shared.stores.market_reader import MarketReader
from shared.valuation.generation import build as build_rows
from shared.valuation.inputs import nowcast_snapshot
from shared.valuation.learners.network import Network
from shared.valuation.learners.trees import Trees
from shared.valuation.model import ValuationModel
from tests.bench.measured import Measured, copy_seconds

RUNS = 15


async def nowcast_cycle(url: str, home: Path, events: Path) -> list[Measured]:
    """Train and promote one model on the imported history, then time cycles."""
    clock = ManualClock(datetime(2025, 7, 31, 12, tzinfo=UTC))
    bus = MemoryBus(clock)
    settings = Settings(home=home, database_url=url, broker_url="memory://")
    reader = MarketReader()
    async with open_platform(settings, clock=clock, bus=bus) as platform:
        trainer = build_trainer(platform, reader=reader)
        nowcaster = build_nowcaster(platform, reader=reader)
        ingestor = build_ingestor(platform, source=EventFileSource(events), reader=reader)
        await declare_platform(bus)
        for service in (ingestor, nowcaster, trainer, build_gatekeeper(platform, policy=_lenient())):
            for subscription in service.subscriptions():
                await bus.subscribe(subscription)
        relay = Relay(platform.database, bus, clock=clock)

        async def settle() -> None:
            while await bus.run_until_idle() + await relay.run_once():
                pass

        # Judged on half a year of sales, so that the gate has no doubt.
        request = TrainingRequested(reason="bench", requested_by="bench", data_cutoff=clock.now() - timedelta(days=180))
        await bus.publish(_message(IngestRequested(slot=clock.now()), clock))
        await bus.publish(_message(request, clock))
        await settle()
        await trainer.drain()
        await settle()
        seconds = []
        for _ in range(RUNS):
            clock.move_to(clock.now() + timedelta(minutes=30))
            message = _message(NowcastRequested(slot=clock.now()), clock)
            started = time.perf_counter()
            await bus.publish(message)
            await bus.run_until_idle()
            seconds.append(time.perf_counter() - started)
            await settle()
        bare = await _bare_limit(platform, reader, clock.now())
        return [Measured("nowcast cycle, tick to archived generation", median(seconds), "s", bare)]


def _message(payload: IngestRequested | TrainingRequested | NowcastRequested, clock: ManualClock) -> Envelope:
    return Envelope.wrap(payload, source="bench", time=clock.now(), message_id=uuid4())


def _lenient() -> Policy:
    """What is timed here is the cycle, not the model: it is promoted whatever it is worth."""
    policy = load_policy()
    absolute = policy.absolute.model_copy(
        update={"max_bias": 1.0, "bias_resolution": 1.0, "coverage_tolerance": 1.0, "coverage_resolution": 1.0}
    )
    return policy.model_copy(update={"absolute": absolute})


async def _bare_limit(platform: Platform, reader: MarketReader, as_of: datetime) -> float:
    async with platform.database.connection() as connection:
        record = await models.champion(connection)
    model = ValuationModel.from_bytes(await platform.store.get(models.artifact(record)))
    snapshot = nowcast_snapshot(reader.timeline, reader.prices, as_of)
    matrix = snapshot.frame.select(model.features).to_numpy().astype(np.float32)
    boosters = []
    for trees in (learner for learner in model.ensemble.learners if isinstance(learner, Trees)):
        boosters.append((xgb.Booster({"nthread": 2}), np.ascontiguousarray(matrix[:, trees.columns])))
        boosters[-1][0].load_model(bytearray(trees.file))
    networks = [learner for learner in model.ensemble.learners if isinstance(learner, Network)]
    scaled = model.ensemble.linear.scaling.scaled(matrix).astype(np.float64)
    lines = build_rows(model.predict(snapshot.frame)).lines
    predicted, copied = [], []
    for _ in range(RUNS):
        started = time.perf_counter()
        for booster, columns in boosters:
            booster.inplace_predict(columns)
        for network in networks:
            np.maximum(scaled @ network.weight, 0.0) @ network.out
        predicted.append(time.perf_counter() - started)
        copied.append(await copy_seconds(platform.database, 9, lines))
    return median(predicted) + median(copied)
