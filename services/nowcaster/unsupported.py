"""Records models that this code cannot serve although their files are sound, which is no failure of the model.

The last generation stays published. A person is alerted, and a contender that this code can serve is requested at once.
"""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import structlog

from shared.contracts.messages import TrainingRequested
from shared.errors import UnsupportedModelError
from shared.messaging.transaction import Transaction
from shared.registry import training_requests, unsupported
from shared.registry.alerts import raise_alert
from shared.registry.models import ActiveModel
from shared.registry.training_requests import NOWCASTER
from shared.registry.unsupported import UnsupportedModel
from shared.runtime import lineage

log = structlog.get_logger(__name__)


async def report_champion(transaction: Transaction, model_id: str, error: UnsupportedModelError) -> None:
    """Record that this code cannot serve the champion, raise the alert, and request a contender when it is time.

    The record says when the last request was made, so that two nowcasters send one request.
    """
    connection, now, code = transaction.connection, transaction.clock.now(), await _code()
    log.error("nowcast.champion_unsupported", model=model_id, code=code, reason=str(error))
    if await unsupported.note(connection, UnsupportedModel(model_id, code, "champion", str(error), now)):
        await raise_alert(
            transaction,
            "unsupported_champion",
            "critical",
            f"the running code ({code[:20]}) cannot serve the champion {model_id}: {error}; the last nowcast stays "
            "published, and a contender is requested",
            key=f"{model_id}|{code}",
            model_id=model_id,
        )
    if await unsupported.time_to_ask(connection, model_id, code, at=now):
        reason = f"the running code ({code[:20]}) cannot load the champion {model_id}"
        identity = uuid4()
        request = TrainingRequested(reason=reason, requested_by=NOWCASTER, request_id=identity)
        await training_requests.enqueue(
            connection,
            request_id=identity,
            reason=reason,
            requested_by=NOWCASTER,
            origin=NOWCASTER,
            data_cutoff=None,
            at=now,
        )
        # Also while an earlier request is open: the message wakes a trainer of this release.
        await transaction.emit(request, message_id=identity)


async def note_standby(transaction: Transaction, missing: Sequence[tuple[ActiveModel, str]]) -> None:
    """Record the standby models, with reasons, that this code could not serve; clear the records of all others."""
    connection, now = transaction.connection, transaction.clock.now()
    ended = await unsupported.clear(connection, still=[model.record.model_id for model, _ in missing], at=now)
    if ended:
        log.info("nowcast.supported_again", models=ended)
    for model, reason in missing:
        record = UnsupportedModel(model.record.model_id, await _code(), model.role, reason, now)
        await unsupported.note(connection, record)


async def _code() -> str:
    # Outside an image, this runs git.
    return (await asyncio.to_thread(lineage.current)).code
