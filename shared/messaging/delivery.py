"""The outcome of one delivery, decided the same way for every bus."""

from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Literal

import structlog

from shared.contracts.envelope import MalformedMessageError, decode
from shared.database.pool import AWAY
from shared.errors import PermanentError, TransientError
from shared.messaging.bus import Subscription
from shared.messaging.transaction import AlreadyHandledError, NotOnRecordError
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

# The database or the object store is unavailable, full or restarting. The message is not at fault, so its tries do not
# count. A missing file is an OSError, too, but no outage.
OUTAGES = (ConnectionError, *(kind for kind in AWAY if kind is not OSError))

MAX_REASON = 1000


@dataclass(frozen=True)
class Outcome:
    """`done`: acknowledge. `retry`: redeliver after the delay of `tier`. `dead`: move to the dead-letter queue.

    `counts`: whether this was one of the message's tries. `junk`: dead because of what it says; the bus logs it, in one
    line for many (`Refusals`).
    """

    kind: Literal["done", "retry", "dead"]
    reason: str = ""
    tier: int = 0
    counts: bool = True
    junk: bool = False


@dataclass
class Refusals:
    """Junk that one consumer got in a row."""

    consumer: str
    messages: int = 0
    first: str = ""

    def add(self, outcome: Outcome) -> None:
        self.first = self.first or outcome.reason
        self.messages += 1

    def log(self) -> None:
        """One line for all, if there are any."""
        if self.messages:
            log.warning("message refused", consumer=self.consumer, messages=self.messages, reason=self.first)


async def deliver(
    subscription: Subscription, body: bytes, *, attempt: int, retries: int, now: datetime, sender: str | None = None
) -> Outcome:
    """Decode `body`, run the handler, and decide the outcome.

    Args:
        attempt: 1 for the first delivery, plus 1 per retry.
        retries: the number of retry tiers.
        sender: the user that the broker vouches for.

    Cancellation propagates: the message returns to the queue without an outcome.
    """
    try:
        message = decode(body, now=now).model_copy(update={"sender": sender})
    except MalformedMessageError as error:
        metrics.MESSAGES.labels(subscription.consumer, "malformed", "dead").inc()
        return _junk(f"malformed: {error}")
    if not any(message.type == accepted.TYPE for accepted in subscription.types):
        metrics.MESSAGES.labels(subscription.consumer, message.type, "dead").inc()
        return _junk(f"misrouted: {subscription.consumer} does not handle {message.type}")
    with structlog.contextvars.bound_contextvars(
        consumer=subscription.consumer,
        message_type=message.type,
        message_id=str(message.id),
        correlation_id=str(message.correlationid),
        attempt=attempt,
    ):
        started = perf_counter()
        label = "cancelled"
        try:
            await subscription.handle(message)
            label = "done"
            return Outcome("done")
        except AlreadyHandledError:
            label = "duplicate"
            return Outcome("done")
        except NotOnRecordError as error:
            label = "forged"
            log.warning("message dropped", reason=str(error)[:MAX_REASON])
            return Outcome("done")
        except Exception as error:
            outcome = _outcome_of(error, attempt, retries)
            label = outcome.kind
            if outcome.kind == "dead" and not outcome.junk:
                log.error("message is dead", reason=outcome.reason, exc_info=not isinstance(error, PermanentError))
            elif outcome.kind == "retry":
                expected = isinstance(error, (TransientError, *OUTAGES))
                log.warning("message will be retried", reason=outcome.reason, exc_info=not expected)
            return outcome
        finally:
            metrics.MESSAGES.labels(subscription.consumer, message.type, label).inc()
            metrics.HANDLER_SECONDS.labels(subscription.consumer, message.type).observe(perf_counter() - started)


def _junk(reason: str) -> Outcome:
    return Outcome("dead", reason[:MAX_REASON], junk=True)


def _outcome_of(error: Exception, attempt: int, retries: int) -> Outcome:
    if isinstance(error, MalformedMessageError):
        return _junk(f"malformed: {error}")
    if isinstance(error, PermanentError):
        return Outcome("dead", f"permanent: {type(error).__name__}: {error}"[:MAX_REASON])
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, OUTAGES) and retries:
        # The shortest delay, so that the work goes on soon after the outage.
        return Outcome("retry", reason[:MAX_REASON], counts=False)
    if attempt <= retries:
        return Outcome("retry", reason[:MAX_REASON], tier=attempt - 1)
    return Outcome("dead", f"retries used up after {attempt} attempts: {reason}"[:MAX_REASON])
