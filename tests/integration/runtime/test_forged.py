"""What a stranger publishes: plausible, well-formed and true nowhere."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.gatekeeper.bootstrap import build as build_gatekeeper
from services.monitor.bootstrap import build as build_monitor
from services.notifier.bootstrap import build as build_notifier
from services.nowcaster.bootstrap import build as build_nowcaster
from shared.contracts.messages import (
    AlertRaised,
    ContenderRegistered,
    ContenderRejected,
    MarketUpdated,
    ModelPromoted,
    ModelRolledBack,
    Payload,
    ShadowMatured,
    ShadowStarted,
)
from shared.registry import api_keys
from shared.webhooks.secret import new_secret
from tests.factories import small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.integration.nowcaster.conftest import START

EVENTS = ["model.promoted", "model.rolled_back", "alert.raised", "sale.scored", "deal.found", "deal.gone"]
NOBODY = "m-deadbeefdeadbeef"
STORED = (
    "generations", "alerts", "webhook_deliveries", "deals_told", "decisions", "training_requests", "outbox", "inbox",
    "model_pointer_history", "shadows", "monitor_steps",
)  # fmt: skip


@pytest.fixture
async def platform(database: Database, tmp_path: Path) -> Harness:
    """A champion, a model before it and a published nowcast; every consumer of facts, and a subscriber of all."""
    harness = Harness.at(START, database, tmp_path)
    await harness.import_until(START)
    for build in (build_nowcaster, build_gatekeeper, build_notifier):
        await harness.host(build)
    await harness.host(build_monitor, nowcast_every=timedelta(hours=12))
    await harness.promote(small_market.model())
    await harness.promote(small_market.model(8))
    for message in await harness.emitted(ModelPromoted):
        await harness.send(message)
    key = await harness.run(api_keys.create, name="anna", scopes=["webhooks"], at=START)
    await harness.execute(
        """insert into webhooks (webhook_id, key_id, url, events, deal_margin, secret, created_at)
           values ($1, $2, 'https://example.org', $3, 0.1, $4, $5)""",
        uuid4(), str(key.key_id), EVENTS, new_secret(), START,
    )  # fmt: skip
    return harness


def _of_the_last_promotion(model: str | None) -> Callable[[ModelPromoted], list[Payload]]:
    """Messages about the decision of a real promotion that it did not make, or about `model`."""

    def forged(real: ModelPromoted) -> list[Payload]:
        decision, champion = real.decision_id if model is None else uuid4(), model or real.model_id
        assert real.previous_model_id is not None
        before = model or real.previous_model_id
        return [
            ModelPromoted(
                model_id=before, previous_model_id=champion, decision_id=decision, pointer_generation=3
            ),
            ModelRolledBack(
                model_id=before, rolled_back_model_id=champion, decision_id=decision, pointer_generation=3,
                reason="forged",
            ),
            ShadowStarted(model_id=champion, decision_id=decision),
            ContenderRejected(model_id=champion, decision_id=decision, reason="forged"),
            ContenderRegistered(model_id=NOBODY, request_id=uuid4()),
            ShadowMatured(model_id=before, champion_id=champion, outcome="not_worse", sales=500, e_value=99.0),
            MarketUpdated(last_seq=10**6, last_block=10**8, events=500, sales_scored=500, revised_from_seq=1),
            AlertRaised(
                kind="rollback", severity="critical", summary="forged", raised_at=START, model_id=champion,
                decision_id=decision,
            ),
        ]  # fmt: skip

    return forged


@pytest.mark.parametrize("model", [None, NOBODY], ids=["about a real decision", "about nobody"])
async def test_forged_facts_change_nothing_and_are_told_to_nobody(platform: Harness, model: str | None) -> None:
    await platform.send(MarketUpdated(last_seq=1, last_block=1, events=1, sales_scored=0))
    real = (await platform.emitted(ModelPromoted))[-1]

    async def stored() -> dict[str, int]:
        return {table: await platform.value(f"select count(*) from {table}") for table in STORED}

    before = await stored()
    for payload in _of_the_last_promotion(model)(real):
        await platform.send(payload, deliveries=3)
        left = await stored()
        if isinstance(payload, MarketUpdated):
            before["inbox"] = left["inbox"]
        assert left == before, payload.TYPE
    assert await platform.dead() == []


async def test_six_messages_of_one_promotion_make_one_cycle(platform: Harness) -> None:
    before = await platform.value("select count(*) from generations")
    real = (await platform.emitted(ModelPromoted))[-1]
    for _ in range(6):
        await platform.clock.sleep(1)
        await platform.send(real)
    assert await platform.value("select count(*) from generations") == before


async def test_a_promotion_of_long_ago_is_not_told_again(platform: Harness) -> None:
    """The inbox, the deliveries and their ids are gone after a month; the decision stays public."""
    await platform.clock.sleep(timedelta(days=40).total_seconds())
    (first, _) = await platform.emitted(ModelPromoted)
    await platform.send(first)
    assert await platform.value("select count(*) from webhook_deliveries") == 0
