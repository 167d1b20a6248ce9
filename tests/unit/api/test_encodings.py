import gzip
import hashlib
import io

import polars as pl
import pytest

from services.api.nowcasts.encodings import WEI_COLUMNS, csv, json, parquet
from services.api.nowcasts.proofs import Tree
from services.api.nowcasts.schemas import NowcastDocument
from services.api.view.generation import Generation
from services.api.view.ready import ready_answer
from services.api.view.records import ValueRow
from shared.errors import IntegrityError
from shared.merkle import Step, canonical_line, merkle_levels, root_of
from tests.factories.view import AT, RECORD, generation, lines, read

ROWS = [
    ValueRow(9, "41000000000000000001", "4", "5", "3", "6", "2", "70000000000000000000", "D"),
    ValueRow(3, "1", "1", "1", "1", "1", "0", "1", "A"),
    ValueRow(7, "8", "7", "9", "6", "10", "5", "11", "B"),
]
LINES = lines(ROWS)


def made(root: str | None = None) -> Generation:
    return generation(ROWS, merkle_root=root or merkle_levels(LINES)[-1][0].hex())


def test_rows_are_read_from_canonical_lines() -> None:
    assert list(made().rows()) == sorted(ROWS)
    assert [canonical_line(row.punk_id, row[1:-1], row.confidence) for row in sorted(ROWS)] == LINES.decode().split()
    assert made().by_value == [(1, 3), (8, 7), (41000000000000000001, 9)]
    assert (7 in made(), 8 in made(), made().grade(7)) == (True, False, "B")


def test_json_reads_back_exact() -> None:
    document = read(NowcastDocument, json(made()))
    assert [punk.punk_id for punk in document.punks] == [3, 7, 9]
    assert document.punks[2].value.wei == "41000000000000000001"
    assert document.punks[2].intervals["90"].hi.eth == 70.0
    assert (document.count, document.generation.published_at) == (3, AT)


def test_csv_is_a_heading_and_the_hashed_lines() -> None:
    heading, _, rest = csv(made()).partition(b"\n")
    assert heading.decode().split(",") == ["punk_id", *WEI_COLUMNS, "confidence"]
    assert hashlib.sha256(rest).digest() == hashlib.sha256(LINES).digest()


def test_tables_read_back() -> None:
    frame = pl.read_parquet(io.BytesIO(parquet(made())))
    assert frame["punk_id"].to_list() == [3, 7, 9]
    assert frame["value_wei"].to_list() == ["1", "8", "41000000000000000001"]
    assert frame["value_eth"].to_list()[2] == 41.0
    assert frame["confidence"].to_list() == ["A", "B", "D"]


def test_proofs_are_hashed_from_what_is_served() -> None:
    tree = Tree(made())
    for punk in (3, 7, 9):
        found = tree.proof(punk)
        steps = [Step(step.side, bytes.fromhex(step.hash)) for step in found.path]
        assert root_of(found.line.encode(), steps).hex() == made().record.merkle_root
        assert found.line.startswith(f"{punk},")


def test_rows_that_are_not_those_published_prove_nothing() -> None:
    with pytest.raises(IntegrityError):
        Tree(made(root="0" * 64))


@pytest.mark.parametrize(("length", "compressed"), [(0, False), (8 * 1024 - 1, False), (8 * 1024, True)])
def test_a_long_body_is_compressed_to_the_same_bytes_each_time(length: int, compressed: bool) -> None:
    found = [ready_answer(RECORD, "tag", b"x" * length, compress=True).gzipped for _ in range(2)]
    assert found[0] == found[1]
    assert (found[0] is not None) == compressed
    if found[0] is not None:
        assert gzip.decompress(found[0].body) == b"x" * length
