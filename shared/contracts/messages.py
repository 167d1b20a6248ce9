"""Every message on the wire. Each class owns its type, which is also its routing key.

Changes within a version only add fields, because readers ignore unknown ones. A breaking change is a new `.v2` class;
the old class stays. `docs/asyncapi.yaml` and the golden files in `tests/unit/contracts/golden/` follow from here.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from shared.contracts.texts import plain, printable

# Refuse out-of-range values at the edge: no event is older than the contract.
EARLIEST_INSTANT = datetime.fromisoformat("2017-06-22T00:00:00+00:00")


def _not_before_the_contract(instant: datetime) -> datetime:
    if instant < EARLIEST_INSTANT:
        raise ValueError(f"{instant.isoformat()} is before the contract existed ({EARLIEST_INSTANT.date()})")
    return instant


# PostgreSQL cannot store a NUL in text. No integer may exceed its column.
ModelId = Annotated[str, StringConstraints(pattern=r"^m-[0-9a-f]{16}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# People write reasons and names, which are refused when readers cannot see what they say. The platform writes texts,
# partly from the errors of libraries, which are made visible instead.
Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"^[^\x00]*$"),
    AfterValidator(plain),
]
Actor = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True, pattern=r"^[^\x00]*$"),
    AfterValidator(plain),
]
Text = Annotated[
    str,
    BeforeValidator(lambda text: printable(text) if isinstance(text, str) else text),
    StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$"),
]
Instant = Annotated[AwareDatetime, AfterValidator(_not_before_the_contract)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Sequence64 = Annotated[int, Field(ge=0, le=2**63 - 1)]
Ordinal = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Payload(BaseModel):
    """The `data` of an envelope."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]


class Tick(Payload):
    """A timer's message. `slot` is the scheduled instant, not the time of sending."""

    slot: Instant = Field(description="The scheduled instant, UTC")


class IngestRequested(Tick):
    """Pull new events from the market source."""

    TYPE: ClassVar[str] = "punkcast.ingest.requested.v1"
    after: Annotated[str, StringConstraints(max_length=100, pattern=r"^[0-9]+/0x[0-9a-f]+$")] | None = Field(
        default=None, description="The ingestor's own request: the last block read, `number/hash`"
    )


class NowcastRequested(Tick):
    """Value all 10,000 punks as of the slot."""

    TYPE: ClassVar[str] = "punkcast.nowcast.requested.v1"


class TrainingDrainRequested(Tick):
    """Process queued training requests."""

    TYPE: ClassVar[str] = "punkcast.training_drain.requested.v1"


class MonitorRequested(Tick):
    """Check the promoted model, the previous champion and the shadows."""

    TYPE: ClassVar[str] = "punkcast.monitor.requested.v1"


class RetrainCheckRequested(Tick):
    """Let the policy decide whether to train."""

    TYPE: ClassVar[str] = "punkcast.retrain_check.requested.v1"


class BacktestRequested(Tick):
    """Run the backtest's books over the full history."""

    TYPE: ClassVar[str] = "punkcast.backtest.requested.v1"


class RetentionRequested(Tick):
    """Remove what the retention policy does not keep."""

    TYPE: ClassVar[str] = "punkcast.retention.requested.v1"


class MarketUpdated(Payload):
    """New market events are in the database."""

    TYPE: ClassVar[str] = "punkcast.market.updated.v1"
    last_seq: Sequence64
    last_block: Sequence64
    events: Count = Field(description="Number of appended events")
    sales_scored: Count
    revised_from_block: Sequence64 | None = Field(
        default=None, description="First block whose events a reorganisation replaced"
    )
    revised_from_seq: Sequence64 | None = Field(
        default=None, description="First event that the reorganisation superseded"
    )


class NowcastPublished(Payload):
    """The nowcast pointer moved to a new generation."""

    TYPE: ClassVar[str] = "punkcast.nowcast.published.v1"
    generation_id: Ordinal
    model_id: ModelId
    snapshot_id: Sha256
    as_of: Instant
    published_at: Instant
    values_sha256: Sha256
    merkle_root: Sha256


class TrainingRequested(Payload):
    """Train a contender. Anyone may publish this message; it needs only `reason` and `requested_by`."""

    TYPE: ClassVar[str] = "punkcast.training.requested.v1"
    reason: Reason
    requested_by: Actor
    request_id: UUID | None = Field(default=None, description="Default: the message's id")
    data_cutoff: Instant | None = Field(
        default=None,
        description="Train on sales before this instant; default: the start of the policy's hold-out",
    )


class ContenderRegistered(Payload):
    """A trained model entered the registry."""

    TYPE: ClassVar[str] = "punkcast.contender.registered.v1"
    model_id: ModelId
    request_id: UUID


class ContenderRejected(Payload):
    """A contender failed a gate or lost its shadow test."""

    TYPE: ClassVar[str] = "punkcast.contender.rejected.v1"
    model_id: ModelId
    decision_id: UUID
    reason: Text


class ShadowStarted(Payload):
    """A contender runs unpublished next to the champion until the sequential test ends."""

    TYPE: ClassVar[str] = "punkcast.shadow.started.v1"
    model_id: ModelId
    decision_id: UUID


class ShadowMatured(Payload):
    """The monitor's sequential test of a shadow against the champion ended."""

    TYPE: ClassVar[str] = "punkcast.shadow.matured.v1"
    model_id: ModelId
    champion_id: ModelId
    outcome: Literal["not_worse", "worse", "expired"]
    sales: Count
    e_value: float = Field(ge=0, allow_inf_nan=False)


class ModelPromoted(Payload):
    """The model pointer moved to a new champion."""

    TYPE: ClassVar[str] = "punkcast.model.promoted.v1"
    model_id: ModelId
    previous_model_id: ModelId | None = Field(default=None, description="Absent at the first promotion")
    decision_id: UUID
    pointer_generation: Ordinal


class ModelRolledBack(Payload):
    """The model pointer moved back to the previous champion."""

    TYPE: ClassVar[str] = "punkcast.model.rolled_back.v1"
    model_id: ModelId = Field(description="The model that is champion again")
    rolled_back_model_id: ModelId
    decision_id: UUID
    pointer_generation: Ordinal
    reason: Text


AlertKind = Literal[
    "promotion", "rollback", "rollback_impossible", "freeze", "rejections_in_a_row", "stale_nowcast",
    "unsupported_champion", "stale_source",
]  # fmt: skip
AlertSeverity = Literal["info", "warning", "critical"]


class AlertRaised(Payload):
    """An event that a person should know about. The notifier logs the event and posts it to webhooks."""

    TYPE: ClassVar[str] = "punkcast.alert.raised.v1"
    kind: AlertKind
    severity: AlertSeverity
    summary: Text = Field(description="One sentence for people")
    raised_at: Instant
    model_id: ModelId | None = Field(default=None, description="The model concerned, if any")
    decision_id: UUID | None = Field(default=None, description="The decision with the details, if any")


ALL_MESSAGES: tuple[type[Payload], ...] = (
    IngestRequested, NowcastRequested, TrainingDrainRequested, MonitorRequested, RetrainCheckRequested,
    BacktestRequested, RetentionRequested, MarketUpdated, NowcastPublished, TrainingRequested, ContenderRegistered,
    ContenderRejected,
    ShadowStarted, ShadowMatured, ModelPromoted, ModelRolledBack, AlertRaised,
)  # fmt: skip
BY_TYPE: dict[str, type[Payload]] = {message.TYPE: message for message in ALL_MESSAGES}
