"""What a report is made from: the platform's record, or event files alone, without a database."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from services.cli.explain.beginning import beginning
from services.cli.explain.report import Basis, Origin, Previous, Report, explain
from services.cli.published import archived_lines
from shared.database.pool import Connection
from shared.errors import InvalidInputError, NotFoundError
from shared.market.prices import DailyPrices
from shared.market.reference_data import ETH_USD_SCHEMA
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.messaging.ticks import JOBS
from shared.registry import explanations, model_files, models, pointer
from shared.registry.explanations import Published
from shared.runtime import lineage
from shared.runtime.platform import Platform
from shared.signing.notes import trusted_keys
from shared.sources.event_files import read_event_files
from shared.stores import snapshot_repository as snapshots
from shared.stores.market_reader import MarketReader
from shared.stores.snapshot_repository import RemovedError
from shared.valuation.inputs import nowcast_snapshot, training_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.training import fit

VALUE_SQL = "select value_wei::text from nowcasts where generation_id = $1 and punk_id = $2"


class _Again(NamedTuple):
    """Of a recomputed nowcast: the id of its snapshot; whether the recorded one was read from the store, or removed;
    and whether the calibration is the recorded one (None without a record)."""

    snapshot_id: str
    archived: bool
    removed: bool
    same_calibration: bool | None


def model_of(file: Path | None, threads: int) -> ValuationModel | None:
    """The model in a file, if one is given."""
    return None if file is None else ValuationModel.from_bytes(file.read_bytes(), threads=threads)


def from_files(
    folder: Path, punk: int, as_of: datetime | None, *, model: ValuationModel | None, threads: int
) -> Report:
    """Explain from event files, as of the instant, or just after the last event. Without a model, one is fitted on
    the sales before the instant.

    Raises:
        InvalidInputError: a file breaks a rule.
        NotFoundError: nothing had happened by then. TooFewSalesError: too few sales to fit on.
    """
    files = read_event_files(folder)
    events, origin = files.events, None
    first = beginning(events["timestamp"][0] if events.height else None, as_of, str(folder))
    as_of = as_of or events["timestamp"][-1] + timedelta(seconds=1)
    known = events.filter(pl.col("timestamp") < as_of)
    timeline = MarketTimeline(Traits.from_frame(files.punks))
    timeline.apply(known.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64)))
    prices = DailyPrices.from_frame(pl.DataFrame(schema=ETH_USD_SCHEMA) if files.eth_usd is None else files.eth_usd)
    if model is None:
        learn, here = training_snapshot(timeline, prices, as_of), lineage.current()
        model = fit(learn, threads=threads)
        code = here.git_sha, here.git_dirty, here.environment_hash
        origin = Origin(model.model_id, as_of, *code, learn.snapshot_id)
    before, earlier = None, as_of - JOBS["nowcast"].every
    if earlier > first:
        before = _basis(model, timeline, prices, earlier), Previous(earlier)
    return explain(model, timeline, punk, _basis(model, timeline, prices, as_of), before, origin)


async def from_record(
    platform: Platform, punk: int, as_of: datetime | None, *, model: ValuationModel | str | None
) -> Report:
    """The nowcast in force at `as_of` (now, when None); before the first one, the value as of `as_of` itself.

    `model`: also by its id; None stands for the champion of the time. Nothing is written.

    Raises:
        NotFoundError: no champion then, or no such model.
        InvalidInputError: the instant has not come yet.
    """
    now, reader, origin = platform.clock.now(), MarketReader(), None
    as_of = as_of or now
    if as_of > now:
        raise InvalidInputError(
            f"--as-of {as_of.isoformat()} is in the future (now is {now.isoformat()}); nothing is known yet"
        )
    async with reader.alone(), platform.database.connection() as connection:
        nowcast = await explanations.in_force(connection, as_of)
        if model is None:
            in_charge = nowcast or await pointer.champion_at(connection, as_of)
            if in_charge is None:
                raise NotFoundError(
                    f"there was no champion at {as_of.isoformat()}; name a model with --model (`punkcast models list`)"
                )
            model = in_charge.model_id
        if isinstance(model, str):
            record = await models.get(connection, model)
            trusted = trusted_keys(platform.settings.trusted_keys)
            body = await model_files.read(platform.store, record, trusted=trusted)
            model = ValuationModel.from_bytes(body, threads=platform.settings.threads)
            origin = Origin(**{field.name: getattr(record, field.name) for field in fields(Origin)})
        if nowcast is None:
            await reader.refresh(connection)
            basis = _basis(model, reader.timeline, reader.prices, as_of)
            return explain(model, reader.timeline, punk, basis, None, origin)
        # The earlier nowcast first: a timeline only grows.
        before = None
        if earlier := await explanations.before(connection, nowcast):
            basis, _ = await _again(platform, connection, reader, earlier, model)
            said = await _said(platform, connection, earlier.generation_id, punk)
            of_other = () if earlier.model_id == model.model_id else (earlier.model_id, said)
            # Its own snapshot may be lost, or lack a feature of the model.
            if basis[0].snapshot_id == earlier.snapshot_id and not model.lacking(basis[0].frame):
                before = basis, Previous(earlier.as_of, earlier.generation_id, *of_other)
        basis, again = await _again(platform, connection, reader, nowcast, model)
        said = await _said(platform, connection, nowcast.generation_id, punk)
    report = explain(model, reader.timeline, punk, basis, before, origin)
    reproduction = replace(
        report.reproduction,
        recomputed=again.snapshot_id,
        generation_id=nowcast.generation_id,
        published_at=nowcast.published_at,
        recorded=nowcast.snapshot_id,
        archived=again.archived,
        removed=again.removed,
        published_wei=said if nowcast.model_id == model.model_id else None,
        same_calibration=again.same_calibration,
    )
    return replace(report, reproduction=reproduction)


async def _said(platform: Platform, connection: Connection, generation_id: int, punk: int) -> str | None:
    """The published value (wei) of a punk, from the rows or the file; None if neither is there."""
    said: str | None = await connection.fetchval(VALUE_SQL, generation_id, punk)
    if said is not None:
        return said
    try:
        lines = await archived_lines(connection, platform.store, generation_id)
    except NotFoundError:
        return None
    values = dict(line.split(b",", 2)[:2] for line in lines.splitlines())
    found = values.get(str(punk).encode())
    return None if found is None else found.decode()


async def _again(
    platform: Platform, connection: Connection, reader: MarketReader, nowcast: Published, model: ValuationModel
) -> tuple[Basis, _Again]:
    """Recompute the snapshot and calibration of a nowcast from the events that had been read then.

    Returns the basis on record, or the recomputed one without a record.
    """
    archived, removed, recorded = None, False, nowcast.calibration(model)
    try:
        archived = await snapshots.load(connection, platform.store, nowcast.snapshot_id)
    except NotFoundError as error:
        removed = isinstance(error, RemovedError)
    await reader.refresh(connection, up_to=nowcast.last_event_seq)
    made, calibration = _basis(model, reader.timeline, reader.prices, nowcast.as_of)
    same = None if recorded is None else recorded.same_as(calibration)
    facts = _Again(made.snapshot_id, archived is not None, removed, same)
    return (archived or made, recorded or calibration), facts


def _basis(model: ValuationModel, timeline: MarketTimeline, prices: DailyPrices, as_of: datetime) -> Basis:
    """The snapshot and the calibration of a nowcast of the instant by the model."""
    return nowcast_snapshot(timeline, prices, as_of), model.calibration_at(timeline, prices, as_of)
