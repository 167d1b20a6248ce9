"""What never changes in the scenario is read once, not in each of a thousand lives."""

import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

import polars as pl

from shared.database.pool import Connection
from shared.market.traits import Traits
from shared.stores import event_repository


@contextmanager
def remembered() -> Iterator[None]:
    """The punks and their traits, and the certificates; a database without punks is read again."""
    punks: list[pl.DataFrame] = []
    traits: list[Traits] = []
    load, fold = event_repository.load_punks, Traits.from_frame

    async def load_once(connection: Connection) -> pl.DataFrame:
        if punks and await connection.fetchval("select exists (select from punks)"):
            return punks[0]
        read = await load(connection)
        if not read.is_empty():
            punks[:] = [read]
        return read

    def fold_once(frame: pl.DataFrame) -> Traits:
        if not punks or frame is not punks[0]:
            return fold(frame)
        if not traits:
            traits.append(fold(frame))
        return traits[0]

    with (
        patch.object(event_repository, "load_punks", load_once),
        patch.object(Traits, "from_frame", fold_once),
        # A drawn challenge would make two runs differ.
        patch.object(secrets, "token_urlsafe", lambda _: "A" * 43),
        patch.object(ssl, "create_default_context", cache(ssl.create_default_context)),
    ):
        yield
