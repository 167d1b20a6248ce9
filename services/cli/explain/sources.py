"""What an account is made from: the platform's record, or event files alone, without a database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from services.cli.explain.account import Account, Earlier, Origin, Previous, explain
from services.nowcaster import explanations
from services.nowcaster.explanations import Published
from shared.errors import InvalidInputError, NotFoundError
from shared.market.event_files import PUNKS_FILE, read_event_files
from shared.market.prices import DailyPrices
from shared.market.reader import MarketReader
from shared.market.reference_data import ETH_USD_SCHEMA
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.messaging.ticks import JOBS
from shared.registry import models, pointer
from shared.runtime import lineage
from shared.runtime.platform import Platform
from shared.snapshots import repository as snapshots
from shared.snapshots.snapshot import Snapshot
from shared.valuation.calibration import Calibration
from shared.valuation.inputs import nowcast_snapshot, training_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.training import fit

NOWCASTS_APART: timedelta = JOBS["nowcast"].every
MICRO_ETH = 10**12
FIRST_EVENT_SQL = "select min(event_time) from market_events where superseded_at is null"


def from_files(
    folder: Path, punk: int, as_of: datetime | None, *, model: ValuationModel | None, threads: int
) -> Account:
    """As of the instant; None stands for just after the last event. Without a model one is fitted on the sales before
    the instant.

    Raises:
        InvalidInputError: a file breaks a rule, or there are no punks beside the events.
        NotFoundError: nothing had happened by then. TooFewSalesError: too few sales to fit on.
    """
    files = read_event_files(folder)
    if files.punks is None:
        raise InvalidInputError(f"{folder}: {PUNKS_FILE} is missing beside the events; values need the traits")
    events, origin = files.events, None
    first = _beginning(events["timestamp"][0] if events.height else None, as_of, str(folder))
    as_of = as_of or events["timestamp"][-1] + timedelta(seconds=1)
    known = events.filter(pl.col("timestamp") < as_of)
    timeline = MarketTimeline(Traits.from_frame(files.punks))
    timeline.apply(known.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64)))
    prices = DailyPrices.from_frame(pl.DataFrame(schema=ETH_USD_SCHEMA) if files.eth_usd is None else files.eth_usd)
    if model is None:
        learn, here = training_snapshot(timeline, prices, as_of), lineage.current()
        model = fit(learn, data_cutoff=as_of, threads=threads)
        code = here.git_sha, here.git_dirty, here.environment_hash
        origin = Origin(model.model_id, as_of, *code, learn.snapshot_id)
    (snapshot, calibration), *earlier = (
        (nowcast_snapshot(timeline, prices, instant), model.calibration_at(timeline, prices, instant))
        for instant in (as_of, as_of - NOWCASTS_APART)
        if instant > first
    )
    before = (*earlier[0], Previous(as_of - NOWCASTS_APART)) if earlier else None
    return explain(model, snapshot, timeline, punk, calibration=calibration, before=before, origin=origin)


async def from_record(
    platform: Platform, punk: int, as_of: datetime | None, *, model: ValuationModel | str | None
) -> Account:
    """The nowcast in force at `as_of` (now, when None); before the first one, the value as of `as_of` itself.

    `model`: also by its id; None stands for the champion of the time. Nothing is written.

    Raises:
        NotFoundError: no market then, no champion then, or no such model.
        InvalidInputError: the instant has not come yet.
    """
    now, origin, reader = platform.clock.now(), None, MarketReader()
    as_of = as_of or now
    if as_of > now:
        raise InvalidInputError(f"--as-of {as_of.isoformat()} lies ahead of {now.isoformat()}; nothing is known yet")
    async with platform.database.connection() as connection:
        _beginning(await connection.fetchval(FIRST_EVENT_SQL), as_of, "the database")
        nowcast = await explanations.in_force(connection, as_of)
        in_charge = nowcast or await pointer.champion_at(connection, as_of)
        if model is None and in_charge is not None:
            model = in_charge.model_id
        if model is None:
            raise NotFoundError(
                f"there was no champion at {as_of.isoformat()}; name a model with --model (`punkcast models list`)"
            )
        if isinstance(model, str):
            record = await models.get(connection, model)
            body = await platform.store.get(models.artifact(record))
            model = ValuationModel.from_bytes(body, threads=platform.settings.threads)
            origin = Origin(**{field.name: getattr(record, field.name) for field in fields(Origin)})
        earlier = None if nowcast is None else await explanations.before(connection, nowcast)
    # The earlier nowcast first: a timeline only grows.
    before = None if earlier is None else await _before(platform, reader, earlier, model, punk)
    archived, made = await _snapshots(platform, reader, nowcast, as_of)
    recorded, again = _recorded(nowcast, model), model.calibration_at(reader.timeline, reader.prices, made.as_of)
    calibration, snapshot = recorded or again, archived or made
    account = explain(model, snapshot, reader.timeline, punk, calibration=calibration, before=before, origin=origin)
    if nowcast is None:
        return account
    reproduction = replace(
        account.reproduction,
        recomputed=made.snapshot_id,
        generation_id=nowcast.generation_id,
        published_at=nowcast.published_at,
        recorded=nowcast.snapshot_id,
        archived=archived is not None,
        published_wei=await _said(platform, nowcast, punk) if nowcast.model_id == model.model_id else None,
        same_calibration=None if recorded is None else recorded.same_as(again),
    )
    return replace(account, reproduction=reproduction)


async def _before(
    platform: Platform, reader: MarketReader, earlier: Published, model: ValuationModel, punk: int
) -> Earlier | None:
    """The earlier nowcast's own snapshot, and the model's calibration then.

    None when the snapshot is lost, or lacks a feature of the model.
    """
    archived, made = await _snapshots(platform, reader, earlier, earlier.as_of)
    snapshot, previous = archived or made, Previous(earlier.as_of, earlier.generation_id)
    if snapshot.snapshot_id != earlier.snapshot_id or model.lacking(snapshot.frame):
        return None
    calibration = _recorded(earlier, model) or model.calibration_at(reader.timeline, reader.prices, earlier.as_of)
    if earlier.model_id != model.model_id:
        said = await _said(platform, earlier, punk)
        previous = replace(previous, other_model=earlier.model_id, published_wei=said)
    return snapshot, calibration, previous


async def _snapshots(
    platform: Platform, reader: MarketReader, nowcast: Published | None, as_of: datetime
) -> tuple[Snapshot | None, Snapshot]:
    """The nowcast's as it was archived, and as made again from the events that had been read then and no others;
    without a nowcast, that as of the instant."""
    archived = last = None
    async with reader.alone(), platform.database.connection() as connection:
        if nowcast is not None:
            as_of, last = nowcast.as_of, nowcast.last_event_seq
            with suppress(NotFoundError):
                archived = await snapshots.load(connection, platform.store, nowcast.snapshot_id)
        await reader.refresh(connection, up_to=last)
    return archived, nowcast_snapshot(reader.timeline, reader.prices, as_of)


async def _said(platform: Platform, nowcast: Published, punk: int) -> str | None:
    """What the nowcast said of the punk, in wei; None when its rows are gone."""
    async with platform.database.connection() as connection:
        values = await explanations.micro_eth(connection, nowcast.generation_id)
    return str(int(values[punk]) * MICRO_ETH) if len(values) else None


def _recorded(nowcast: Published | None, model: ValuationModel) -> Calibration | None:
    """What the nowcast was published with, if it is on record and the nowcast was this model's."""
    if nowcast is None or nowcast.model_id != model.model_id:
        return None
    return model.recorded(nowcast.offsets, nowcast.shifts)


def _beginning(first: datetime | None, as_of: datetime | None, where: str) -> datetime:
    """`first`, the time of the first event, if there is one. No `as_of` stands for an instant after the last.

    Raises:
        NotFoundError: nothing had happened by then.
    """
    if first is None:
        raise NotFoundError(f"there are no events in {where}; `punkcast import DIR` brings them into a database")
    if as_of is not None and as_of <= first:
        raise NotFoundError(
            f"--as-of {as_of.isoformat()}: the market of {where} begins at {first.isoformat()}; ask for a later instant"
        )
    return first
