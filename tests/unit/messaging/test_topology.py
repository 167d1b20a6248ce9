from shared.contracts.messages import ALL_MESSAGES, Tick
from shared.messaging.ticks import JOBS
from shared.messaging.topology import CONSUMERS, informative


def test_every_message_has_a_consumer_or_is_informative() -> None:
    consumed = {message for types in CONSUMERS.values() for message in types}
    assert consumed | set(informative()) == set(ALL_MESSAGES)
    assert not consumed & set(informative())


def test_every_tick_is_of_a_job() -> None:
    """Which services consume it, the document of the architecture says: `test_architecture_document`."""
    assert {job.message for job in JOBS.values()} == {message for message in ALL_MESSAGES if issubclass(message, Tick)}
