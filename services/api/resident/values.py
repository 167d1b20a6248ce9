"""A punk's value: its row, and the JSON that is made of it when somebody first asks.

Rendering 10,000 of them at once would hold the interpreter for a twentieth of a second, at the very moment when readers
wait for the new generation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from services.api.money import money_json


class ValueRow(NamedTuple):
    """One punk of a generation; wei as decimal text."""

    punk_id: int
    value_wei: str
    lo50_wei: str
    hi50_wei: str
    lo80_wei: str
    hi80_wei: str
    lo90_wei: str
    hi90_wei: str
    confidence: str


class ValueMembers:
    """JSON members without braces, by punk."""

    def __init__(self, rows: Iterable[ValueRow]) -> None:
        self._rows = {row.punk_id: row for row in rows}
        self._rendered: dict[int, bytes] = {}

    def __getitem__(self, punk: int) -> bytes:
        rendered = self._rendered.get(punk)
        if rendered is None:
            rendered = self._rendered[punk] = _members(self._rows[punk])
        return rendered


def _members(row: ValueRow) -> bytes:
    m = money_json
    return (
        f'"value":{m(row.value_wei)},"intervals":{{'
        f'"50":{{"lo":{m(row.lo50_wei)},"hi":{m(row.hi50_wei)}}},'
        f'"80":{{"lo":{m(row.lo80_wei)},"hi":{m(row.hi80_wei)}}},'
        f'"90":{{"lo":{m(row.lo90_wei)},"hi":{m(row.hi90_wei)}}}}},'
        f'"confidence":"{row.confidence}"'
    ).encode()
