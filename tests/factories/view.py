"""Generations, markets and views in memory, without a database."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import TypeAdapter

from services.api.view.generation import Generation
from services.api.view.market import Market
from services.api.view.records import GenerationRecord, MarketRecord, PunkMarketRow, ValueRow

AT = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
RECORD = GenerationRecord(7, "m-" + "a" * 16, "0" * 64, AT, AT, 0, 40 * 10**18, 22, "1" * 64, "2" * 64)
D = TypeVar("D")


def read(shape: type[D], body: bytes) -> D:
    """The document, checked against the shape that OpenAPI promises."""
    return TypeAdapter(shape).validate_json(body)


def lines(rows: Iterable[ValueRow]) -> bytes:
    return b"".join(",".join(map(str, row)).encode() + b"\n" for row in sorted(rows))


def generation(rows: Iterable[ValueRow], **facts: str) -> Generation:
    return Generation(replace(RECORD, **facts), lines(rows))  # type: ignore[arg-type]


def market(rows: Iterable[PunkMarketRow]) -> Market:
    return Market(MarketRecord(1, 0, 1, AT, list(rows), (), None, None))
