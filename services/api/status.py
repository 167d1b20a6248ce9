"""The state of the platform, as far as the gateway sees it."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.api.gateway import gateway_of
from services.api.problems import DATABASE_ERRORS
from shared.registry.status import PlatformStatus, platform_status
from shared.stores import source_repository
from shared.stores.source_repository import SourceState

router = APIRouter(tags=["operations"])

Flag = Literal[
    "no_generation",
    "database_away",
    "nowcast_stale",
    "generation_refused",
    "champion_unsupported",
    "source_away",
    "source_stale",
    "frozen",
]


class NowcastStatus(BaseModel):
    generation_id: int
    model_id: str
    as_of: datetime
    age_seconds: int
    stale_after_seconds: Annotated[int, Field(description="Older values have the flag `nowcast_stale`")]


class MarketStatus(BaseModel):
    last_event_seq: int
    last_block: int
    last_event_time: datetime
    age_seconds: int
    simulated: Annotated[bool, Field(description="The market is made up")]


class NodeStatus(BaseModel):
    """A node of the chain. Its name is the host; `failures` count from the start of the ingestor."""

    name: str
    head: int | None
    failures: int
    problem: Annotated[str | None, Field(description="Why its last answer was not usable")]


class SourceStatus(BaseModel):
    """The source of the market and the ingestor's last look at it. Blocks and nodes are those of a chain."""

    kind: Annotated[str | None, Field(description="simulated, files or chain; null before the first event")]
    identity: str | None
    head: Annotated[int | None, Field(description="Newest block of the chain at the last look")]
    block: Annotated[int | None, Field(description="Last block read")]
    lag_blocks: int | None
    lag_seconds: Annotated[int | None, Field(description="Age of the last block read")]
    looked_at: datetime | None
    read_at: Annotated[datetime | None, Field(description="The last successful look")]
    problem: Annotated[str | None, Field(description="Why the last look failed")]
    failures: Annotated[int, Field(description="Looks that failed")]
    reorganisations: int
    missing_closes: Annotated[int, Field(description="Days without an ETH/USD close")]
    nodes: list[NodeStatus]


class QueueStatus(BaseModel):
    queued: int
    running: int


class LifecycleStatus(BaseModel):
    champion: str | None
    promotion: Annotated[str | None, Field(description="warm_up or watching while a promotion is open")]
    shadows: int
    freezes: int


class OutboxStatus(BaseModel):
    depth: Annotated[int, Field(description="Messages committed and not yet taken by the broker")]
    oldest_age_seconds: int


class ReplayStatus(BaseModel):
    first: date
    last: date


class StatusDocument(BaseModel):
    """The state of the platform. A field is null if it needs the database and the database is unavailable."""

    now: datetime
    degraded: Annotated[list[Flag], Field(description="Empty if nothing is wrong")]
    nowcast: NowcastStatus | None
    market: MarketStatus | None
    source: SourceStatus | None
    outbox: OutboxStatus | None
    training: QueueStatus | None
    lifecycle: LifecycleStatus | None
    last_scored_at: datetime | None
    replay: Annotated[
        ReplayStatus | None, Field(description="The days that are played; null for a market that goes on")
    ]


@router.get("/v1/status", operation_id="get_status")
async def status(request: Request) -> StatusDocument:
    """Ages, queues and flags; answers even while the database is away."""
    gateway = gateway_of(request)
    current = gateway.current
    now = gateway.clock.now()
    found: PlatformStatus | None = None
    source: SourceState | None = None
    missing: list[date] = []
    try:
        async with gateway.reading() as connection:
            found = await platform_status(connection, at=now)
            source = await source_repository.state(connection)
            missing = await source_repository.missing_closes(connection, now)
    except DATABASE_ERRORS:
        found = None
    view = current.view
    record = view.generation.record if view else None
    market = view.market.record if view else None
    age = current.age_seconds(record.as_of) if record else 0
    flags = list(current.flags(age))
    if found is None and "database_away" not in flags:
        flags.append("database_away")
    if record is None:
        flags.append("no_generation")
    if found and found.freezes:
        flags.append("frozen")
    return StatusDocument(
        now=now,
        degraded=flags,
        nowcast=NowcastStatus(
            generation_id=record.generation_id,
            model_id=record.model_id,
            as_of=record.as_of,
            age_seconds=age,
            stale_after_seconds=int(gateway.config.stale_after_s),
        )
        if record
        else None,
        market=MarketStatus(
            last_event_seq=market.last_seq,
            last_block=market.last_block,
            last_event_time=market.last_event_time,
            age_seconds=current.age_seconds(market.last_event_time),
            # The database knows its market better than the settings of a gateway that only reads it.
            simulated=source.kind == "simulated" if source and source.kind else gateway.config.simulated,
        )
        if market
        else None,
        source=SourceStatus(
            **{name: getattr(source, name) for name in SourceStatus.model_fields if hasattr(source, name)}
            | {
                "lag_seconds": source.lag_seconds(now),
                "missing_closes": len(missing),
                "nodes": [NodeStatus(**vars(node)) for node in source.nodes],
            }
        )
        if source
        else None,
        outbox=OutboxStatus(
            depth=found.outbox_depth,
            oldest_age_seconds=current.age_seconds(found.outbox_oldest) if found.outbox_oldest else 0,
        )
        if found
        else None,
        training=QueueStatus(queued=found.training_queued, running=found.training_running) if found else None,
        lifecycle=LifecycleStatus(
            champion=found.champion, promotion=found.promotion, shadows=found.shadows, freezes=found.freezes
        )
        if found
        else None,
        last_scored_at=found.last_scored_at if found else None,
        replay=ReplayStatus(first=found.replay_first, last=found.replay_last)
        if found and found.replay_first and found.replay_last
        else None,
    )
