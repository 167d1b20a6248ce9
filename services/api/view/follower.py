"""Follows the nowcast pointer and the market, and swaps the view when they move."""

import asyncio
import random
from contextlib import suppress
from time import perf_counter

import structlog

from services.api.config import GatewayConfig
from services.api.market import queries as market_repository
from services.api.metrics import GatewayMetrics
from services.api.notifications import listening
from services.api.nowcasts import queries as nowcasts
from services.api.nowcasts.queries import Pointer
from services.api.problems import DATABASE_ERRORS, GoneError
from services.api.turns import Turns
from services.api.view.catalogue import Catalogue
from services.api.view.current import Current
from services.api.view.explanation import Explanation
from services.api.view.generation import Generation
from services.api.view.market import Market
from services.api.view.records import GenerationRecord
from shared.clock import Clock
from shared.database.pool import Connection, Database
from shared.errors import IntegrityError
from shared.storage.object_store import ObjectNotFoundError, ObjectRef, ObjectStore
from shared.stores import source_repository
from shared.stores.generation_archive import read_lines
from shared.valuation.explanation.stored import Explained

CHANNEL = "punkcast_nowcast"
_SHORTEST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0

log = structlog.get_logger(__name__)


class Follower:
    """Owns the one connection that listens. A notification is a hint: every wake re-reads the pointer."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        current: Current,
        config: GatewayConfig,
        metrics: GatewayMetrics,
        store: ObjectStore | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._current = current
        self._config = config
        self._metrics = metrics
        self._store = store
        self._catalogue: Catalogue = Catalogue.of(())
        self._market: Market = Market()
        self._loading = Turns("Earlier generations")
        self._failures = 0
        self._unreadable: set[int] = set()
        self.looked = False

    async def run(self) -> None:
        """Follow until cancelled. While the database is away, keep the view and retry."""
        while True:
            try:
                async with self._database.connection() as connection:
                    await self._follow(connection)
            except asyncio.CancelledError:
                raise
            except DATABASE_ERRORS as error:
                if self._current.database_away_since is None:
                    self._current.database_away_since = self._clock.now()
                    log.warning("database_away", error=repr(error))
            except Exception:
                # No error may end the loop: readers would keep an ageing view without a reason.
                log.exception("follower_failed")
            pause = min(_SHORTEST_PAUSE_S * 2**self._failures, _LONGEST_PAUSE_S)
            self._failures = min(self._failures + 1, 16)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def _follow(self, connection: Connection) -> None:
        async with listening(connection, CHANNEL) as notified:
            while True:
                notified.clear()
                await self.refresh(connection)
                # Only now: a database that accepts connections and then fails must not be asked ten times a second.
                self._failures = 0
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._config.poll_s):
                        await notified.wait()

    async def refresh(self, connection: Connection) -> None:
        """Read the pointer once and load what moved: the generation first, so that it does not wait for the market."""
        async with asyncio.timeout(self._config.database_timeout_s):
            pointer = await nowcasts.pointer(connection)
        if self._current.database_away_since is not None:
            log.info("database_back")
            self._current.database_away_since = None
        self._current.champion_unsupported = pointer.champion_unsupported
        source = await source_repository.state(connection)
        self._current.source_flags = source.flags(self._clock.now())
        if pointer.punks != len(self._catalogue.punks):
            async with asyncio.timeout(self._config.load_timeout_s):
                rows = await nowcasts.punks(connection)
            self._catalogue = await asyncio.to_thread(Catalogue.of, rows)
        view = self._current.view
        shown = view.generation.record.generation_id if view else None
        if view is None and (pointer.last_seq, pointer.revisions) != self._market.place:
            await self._load_market(connection)
        if pointer.generation_id is not None and pointer.generation_id != shown:
            await self._take_over(connection, pointer.generation_id)
        elif view is not None and view.catalogue is not self._catalogue:
            self._current.show(view.generation, self._market, self._catalogue)
        if (pointer.last_seq, pointer.revisions) != self._market.place:
            await self._load_market(connection)
            self._current.show_market(self._market)
        await self._explain(connection, pointer)
        self.looked = True  # only now: a gateway that is ready has loaded all there is

    async def _take_over(self, connection: Connection, generation_id: int) -> None:
        started = perf_counter()
        generation = self._current.earlier(generation_id) or await self._load(connection, generation_id)
        if generation is None:
            if self._current.refused != generation_id:
                log.error("generation_refused", generation=generation_id, reason="rows are missing")
            self._current.refused = generation_id
            return
        self._current.show(generation, self._market, self._catalogue)
        self._metrics.generation.set(generation_id)
        self._metrics.swaps.inc()
        self._metrics.load_seconds.labels("generation").observe(perf_counter() - started)
        log.info("generation_shown", generation=generation_id, seconds=round(perf_counter() - started, 3))

    async def _explain(self, connection: Connection, pointer: Pointer) -> None:
        """Take over the reasons of the generation that is shown, once they are there."""
        view = self._current.view
        if view is None or view.explanation is not None or pointer.explained is None:
            return
        generation_id = view.generation.record.generation_id
        if pointer.explained != generation_id or generation_id in self._unreadable:
            return
        async with asyncio.timeout(self._config.load_timeout_s):
            body = await nowcasts.explanation(connection, generation_id)
        if body is None:
            return
        started = perf_counter()
        try:
            punks = view.catalogue.punks
            explanation = await asyncio.to_thread(lambda: Explanation(generation_id, Explained.from_bytes(body), punks))
        except IntegrityError as error:
            self._unreadable = {generation_id}
            log.error("explanation_refused", generation=generation_id, reason=str(error))
            return
        self._current.show_explanation(explanation)
        self._metrics.load_seconds.labels("explanation").observe(perf_counter() - started)

    async def _load_market(self, connection: Connection) -> None:
        started = perf_counter()
        async with (
            asyncio.timeout(self._config.load_timeout_s),
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            record = await market_repository.market(connection)
            # A reorganisation may have taken back any of the sales known so far.
            same = record is not None and record.revisions == self._market.place[1]
            known = list(self._market.sales) if same else []
            new = await market_repository.valid_sales(connection, after=known[-1].seq if known else 0)
        self._market = Market(record, [*known, *new])
        self._metrics.load_seconds.labels("market").observe(perf_counter() - started)

    async def _load(self, connection: Connection, generation_id: int) -> Generation | None:
        async with (
            asyncio.timeout(self._config.load_timeout_s),
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            found = await nowcasts.generation(connection, generation_id)
        if found is None:
            return None
        return Generation(*found)

    async def generation(self, generation_id: int) -> Generation:
        """Any generation: from memory, else from the database, else from its file (one at a time).

        Raises:
            GoneError: it has no rows and no file.
            StoreUnavailableError: its file cannot be read now.
            IntegrityError: its file does not hold the values that were published.
            BusyError: too many wait for another one.
        """
        kept = self._current.earlier(generation_id)
        if kept is not None:
            return kept

        async def load() -> Generation | None:
            async with self._database.connection() as connection:
                loaded = await self._load(connection, generation_id)
                archived = None if loaded else await nowcasts.archived(connection, generation_id)
            if archived is not None and self._store is not None:
                loaded = await self._read(self._store, *archived)
            return loaded

        loaded = await self._loading.share(str(generation_id), load, limit_s=self._config.load_timeout_s)
        if loaded is None:
            raise GoneError(f"Generation {generation_id} has been removed; its values are not kept any more.")
        self._current.keep(loaded)
        return loaded

    async def _read(self, store: ObjectStore, record: GenerationRecord, file: ObjectRef) -> Generation | None:
        """The generation from its file; None when the store has lost the file."""
        try:
            return Generation(record, await read_lines(store, file, record.values_sha256))
        except ObjectNotFoundError:
            log.error("generation_file_missing", generation=record.generation_id, key=file.key)
            return None
