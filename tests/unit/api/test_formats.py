"""Every format of a generation says the same, and the CSV is what the Merkle root is over."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime

import polars as pl
import pytest

from services.api.resident.facts import Generation, GenerationFacts
from services.api.resident.formats import FORMATS, WEI_COLUMNS, amounts
from services.api.resident.proofs import Tree
from services.api.resident.rendering import render_generation, value_rows
from services.api.resident.values import ValueRow
from shared.errors import IntegrityError
from shared.merkle import canonical_line, merkle_levels, root_of

AT = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
ROWS = [
    ValueRow(9, "41000000000000000001", "4", "5", "3", "6", "2", "70000000000000000000", "D"),
    ValueRow(3, "1", "1", "1", "1", "1", "0", "1", "A"),
    ValueRow(7, "8", "7", "9", "6", "10", "5", "11", "B"),
]
LINES = "".join(
    canonical_line(row.punk_id, amounts(row), row.confidence) + "\n" for row in sorted(ROWS, key=lambda r: r.punk_id)
).encode()


def generation(root: str | None = None) -> Generation:
    root = root or merkle_levels(LINES)[-1][0].hex()
    digest = hashlib.sha256(LINES).hexdigest()
    facts = GenerationFacts(7, "m-" + "a" * 16, "0" * 64, AT, AT, 3, 40 * 10**18, 22, digest, root)
    return render_generation(facts, ROWS)


def test_lines_are_read_as_they_were_written() -> None:
    assert sorted(value_rows(LINES)) == sorted(ROWS)


def test_csv_is_a_heading_and_the_hashed_lines() -> None:
    heading, _, rest = FORMATS["csv"](generation()).body.partition(b"\n")
    assert heading.decode().split(",") == ["punk_id", *WEI_COLUMNS, "confidence"]
    assert hashlib.sha256(rest).hexdigest() == generation().facts.values_sha256


def test_ndjson_has_a_punk_in_each_line() -> None:
    found = [json.loads(line) for line in FORMATS["ndjson"](generation()).body.splitlines()]
    assert [one["punk_id"] for one in found] == [3, 7, 9]
    assert found[2]["value"]["wei"] == "41000000000000000001"
    assert {one["generation_id"] for one in found} == {7}


@pytest.mark.parametrize(("name", "read"), [("parquet", pl.read_parquet), ("arrow", pl.read_ipc)])
def test_tables_read_back(name: str, read) -> None:  # type: ignore[no-untyped-def]
    frame = read(io.BytesIO(FORMATS[name](generation()).body))
    assert frame["punk_id"].to_list() == [3, 7, 9]
    assert frame["value_wei"].to_list() == ["1", "8", "41000000000000000001"]
    assert frame["value_eth"].to_list()[2] == 41.0
    assert frame["confidence"].to_list() == ["A", "B", "D"]


def test_proofs_are_hashed_from_what_is_served() -> None:
    tree = Tree(generation())
    for punk in (3, 7, 9):
        found = tree.proof(punk)
        assert root_of(found.line, found.steps).hex() == generation().facts.merkle_root
        assert found.line.startswith(b"%d," % punk)


def test_rows_that_are_not_those_published_prove_nothing() -> None:
    with pytest.raises(IntegrityError):
        Tree(generation(root="0" * 64))
