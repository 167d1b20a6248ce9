from shared.contracts.messages import (
    ALL_MESSAGES,
    BacktestRequested,
    IngestRequested,
    MonitorRequested,
    NowcastRequested,
    RetrainCheckRequested,
    Tick,
    TrainingDrainRequested,
)
from shared.messaging.ticks import JOBS
from shared.messaging.topology import CONSUMERS, informative


def test_every_message_has_a_consumer_or_is_informative() -> None:
    consumed = {message for types in CONSUMERS.values() for message in types}
    assert consumed | set(informative()) == set(ALL_MESSAGES)
    assert not consumed & set(informative())


def test_every_tick_reaches_its_services() -> None:
    """One each; the daily look is the gatekeeper's too, for the contenders whose time is out."""
    woken = {job.message: {name for name, types in CONSUMERS.items() if job.message in types} for job in JOBS.values()}
    assert woken == {
        IngestRequested: {"ingestor"},
        NowcastRequested: {"nowcaster"},
        TrainingDrainRequested: {"trainer"},
        MonitorRequested: {"monitor"},
        RetrainCheckRequested: {"monitor", "gatekeeper"},
        BacktestRequested: {"backtests"},
    }
    assert set(woken) == {m for m in ALL_MESSAGES if issubclass(m, Tick)}
