"""An account from the platform's record: the nowcast in force then, its model, and its snapshot made again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

from services.cli.explain import repository
from services.cli.explain.account import Account, Origin, Previous, Reproduction, explain, from_file, require_market
from services.cli.explain.repository import Published
from shared.errors import InvalidInputError, NotFoundError
from shared.market.reader import MarketReader
from shared.registry import models, pointer
from shared.runtime.platform import Platform
from shared.snapshots import repository as snapshots
from shared.snapshots.snapshot import Snapshot
from shared.valuation.calibration import Calibration
from shared.valuation.inputs import nowcast_snapshot
from shared.valuation.model import ValuationModel


class FromRecord:
    """Everything is read from database and object store; nothing is written."""

    def __init__(self, platform: Platform, *, model: str | Path | None) -> None:
        """`model`: a model's id, or a model file; None stands for the champion of the time."""
        self._platform = platform
        self._model_named = model
        self._reader = MarketReader()

    async def account(self, punk: int, as_of: datetime | None) -> Account:
        """The nowcast in force at `as_of` (now, when None); before the first one, the value as of `as_of` itself.

        Raises:
            NotFoundError: no market then, no champion then, or no such model.
            InvalidInputError: the instant has not come yet.
        """
        now = self._platform.clock.now()
        as_of = as_of or now
        if as_of > now:
            raise InvalidInputError(
                f"--as-of {as_of.isoformat()} lies ahead of {now.isoformat()}; nothing is known yet"
            )
        async with self._platform.database.connection() as connection:
            require_market(await repository.first_event(connection), as_of, "the database")
            champion = await pointer.champion_at(connection, as_of)
            nowcast = await repository.in_force(connection, punk, as_of)
            earlier = None if nowcast is None else await repository.before(connection, punk, nowcast)
        in_charge = nowcast or champion
        named = self._model_named or (None if in_charge is None else in_charge.model_id)
        if named is None:
            raise NotFoundError(
                f"there was no champion at {as_of.isoformat()}; name a model with --model (`punkcast models list`)"
            )
        model, origin = await self._model(named)
        # The earlier nowcast first: a timeline only grows.
        before = None if earlier is None else await self._before(earlier, model)
        archived, made = await self._snapshots(nowcast, as_of)
        recorded, again = _recorded(nowcast, model), await self._calibration(model, made.as_of)
        account = await asyncio.to_thread(
            explain,
            model,
            origin,
            archived or made,
            self._reader.timeline,
            punk,
            calibration=recorded or again,
            before=before,
        )
        if nowcast is None:
            return account
        reproduction = Reproduction(
            recomputed=made.snapshot_id,
            explained_wei=account.reproduction.explained_wei,
            generation_id=nowcast.generation_id,
            published_at=nowcast.published_at,
            recorded=nowcast.snapshot_id,
            archived=archived is not None,
            published_wei=nowcast.value_wei if nowcast.model_id == model.model_id else None,
            same_calibration=None if recorded is None else recorded.same_as(again),
        )
        return replace(account, reproduction=reproduction)

    async def _model(self, named: str | Path) -> tuple[ValuationModel, Origin]:
        if isinstance(named, Path):
            return from_file(named, self._platform.settings.threads)
        async with self._platform.database.connection() as connection:
            record = await models.get(connection, named)
        body = await self._platform.store.get(models.artifact(record))
        model = ValuationModel.from_bytes(body, threads=self._platform.settings.threads)
        return model, Origin(**{field.name: getattr(record, field.name) for field in fields(Origin)})

    async def _snapshots(self, nowcast: Published | None, as_of: datetime) -> tuple[Snapshot | None, Snapshot]:
        """The nowcast's as it was archived, and as made again from the events that had been read then and no others;
        without a nowcast, that as of the instant."""
        archived = None
        async with self._reader.alone():
            async with self._platform.database.connection() as connection:
                await self._reader.refresh(connection, up_to=None if nowcast is None else nowcast.last_event_seq)
                if nowcast is not None:
                    as_of = nowcast.as_of
                    with suppress(NotFoundError):
                        archived = await snapshots.load(connection, self._platform.store, nowcast.snapshot_id)
            made = await asyncio.to_thread(nowcast_snapshot, self._reader.timeline, self._reader.prices, as_of)
        return archived, made

    async def _calibration(self, model: ValuationModel, as_of: datetime) -> Calibration:
        """Made from the events that are read, which are those of the snapshot."""
        return await asyncio.to_thread(model.calibration_at, self._reader.timeline, self._reader.prices, as_of)

    async def _before(self, earlier: Published, model: ValuationModel) -> tuple[Snapshot, Calibration, Previous] | None:
        """The earlier nowcast's own snapshot, and the model's calibration then.

        None when the snapshot is lost, or lacks a feature of the model.
        """
        archived, made = await self._snapshots(earlier, earlier.as_of)
        snapshot = archived or made
        if snapshot.snapshot_id != earlier.snapshot_id or model.lacking(snapshot.frame):
            return None
        calibration = _recorded(earlier, model) or await self._calibration(model, earlier.as_of)
        of_other = () if earlier.model_id == model.model_id else (earlier.model_id, earlier.value_wei)
        return snapshot, calibration, Previous(earlier.as_of, earlier.generation_id, *of_other)


def _recorded(nowcast: Published | None, model: ValuationModel) -> Calibration | None:
    """What the nowcast was published with, if it is on record and the nowcast was this model's."""
    if nowcast is None or nowcast.model_id != model.model_id:
        return None
    return model.recorded(nowcast.offsets, nowcast.shifts)
