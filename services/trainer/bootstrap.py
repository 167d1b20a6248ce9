"""Where the trainer is put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from services.trainer.executor import ProcessExecutor, TrainingExecutor
from services.trainer.handlers import CONSUMER, Trainer
from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload, TrainingDrainRequested, TrainingRequested
from shared.evaluation.policy import load_policy
from shared.market.reader import MarketReader
from shared.messaging.bus import Subscription
from shared.runtime.platform import Platform


class TrainerService:
    """The running trainer."""

    name = "trainer"

    def __init__(self, trainer: Trainer, executor: TrainingExecutor) -> None:
        self._trainer = trainer
        self._executor = executor
        self._handlers: dict[type[Payload], Callable[[Envelope], Awaitable[None]]] = {
            TrainingRequested: trainer.on_training_requested,
            TrainingDrainRequested: trainer.on_drain_requested,
        }

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription(CONSUMER, tuple(self._handlers), self._dispatch)]

    async def _dispatch(self, message: Envelope) -> None:
        await self._handlers[type(message.data)](message)

    async def background(self) -> None:
        try:
            await self._trainer.run()
        finally:
            self._executor.close()

    async def drain(self) -> None:
        await self._trainer.drain()


def build(
    platform: Platform, *, reader: MarketReader | None = None, executor: TrainingExecutor | None = None
) -> TrainerService:
    """From a platform; a process that hosts several services passes one reader to all of them."""
    settings = platform.settings
    executor = executor or ProcessExecutor(timeout_s=settings.training_timeout_s)
    trainer = Trainer(
        database=platform.database,
        clock=platform.clock,
        store=platform.store,
        reader=reader or MarketReader(),
        executor=executor,
        holdout_sales=load_policy().holdout.target_sales,
        lease_s=settings.training_lease_s,
        threads=settings.threads,
    )
    return TrainerService(trainer, executor)
