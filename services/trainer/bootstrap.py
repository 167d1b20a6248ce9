"""Builds the trainer from a platform."""

from services.trainer.executor import ProcessExecutor, TrainingExecutor
from services.trainer.handlers import CONSUMER, Trainer
from shared.contracts.messages import TrainingDrainRequested, TrainingRequested
from shared.evaluation.policy import load_policy
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService
from shared.signing.notes import signing_keys
from shared.stores.market_reader import MarketReader


def build(
    platform: Platform, *, reader: MarketReader | None = None, executor: TrainingExecutor | None = None
) -> MessageService:
    """A process that hosts several services passes one reader to all of them.

    Raises:
        InvalidInputError: the signing key of the settings is none.
    """
    settings = platform.settings
    executor = executor or ProcessExecutor(timeout_s=settings.training_timeout_s)
    trainer = Trainer(
        database=platform.database,
        clock=platform.clock,
        store=platform.store,
        reader=reader or MarketReader(),
        executor=executor,
        holdout_sales=load_policy(settings.policy_file).holdout.target_sales,
        lease_s=settings.training_lease_s,
        threads=settings.threads,
        most_open=settings.training_requests_per_origin,
        keys=signing_keys(settings.signing_key, settings.log_origin),
    )

    async def background() -> None:
        try:
            await trainer.run()
        finally:
            executor.close()

    return MessageService(
        CONSUMER,
        {TrainingRequested: trainer.on_training_requested, TrainingDrainRequested: trainer.on_drain_requested},
        background=background,
        drain=trainer.drain,
    )
