from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from shared.errors import IntegrityError
from shared.valuation.snapshot import Snapshot

AT = datetime(2025, 1, 1, tzinfo=UTC)
FRAME = pl.DataFrame(
    {"punk_id": [0, 1], "name": ["a", "bc"], "as_of": [AT, AT], "x": [1.5, float("nan")]},
    schema_overrides={"punk_id": pl.Int16, "x": pl.Float32},
)


def snapshot(frame=FRAME, **changed):
    fields = {"kind": "nowcast", "as_of": AT, "last_event_seq": 7, "last_block": 9, "feature_schema": "s"} | changed
    return Snapshot(frame=frame, **fields)


def test_the_id_survives_the_way_through_parquet():
    original = snapshot()
    again = Snapshot.from_parquet(original.to_parquet())
    assert again.snapshot_id == original.snapshot_id
    assert (again.kind, again.as_of, again.last_event_seq, again.last_block) == ("nowcast", AT, 7, 9)


def test_this_databases_event_numbers_are_not_part_of_the_id():
    assert snapshot(last_event_seq=8).snapshot_id == snapshot().snapshot_id


@pytest.mark.parametrize(
    "changed",
    [
        snapshot(FRAME.with_columns(x=pl.Series([1.5, 2.0], dtype=pl.Float32))),
        snapshot(FRAME.with_columns(name=pl.Series(["ab", "c"]))),
        snapshot(FRAME.rename({"x": "y"})),
        snapshot(FRAME.with_columns(pl.col("x").cast(pl.Float64))),
        snapshot(kind="training"),
        snapshot(last_block=10),
        snapshot(as_of=datetime(2025, 1, 2, tzinfo=UTC)),
    ],
)
def test_any_change_of_content_changes_the_id(changed):
    assert changed.snapshot_id != snapshot().snapshot_id


def test_all_nan_bit_patterns_are_one_value():
    odd = np.array([0x7FC00001], dtype=np.uint32).view(np.float32)
    one = FRAME.with_columns(x=pl.Series(np.concatenate([np.array([1.5], np.float32), odd])))
    assert snapshot(one).snapshot_id == snapshot().snapshot_id


def test_nulls_are_refused():
    with pytest.raises(ValueError, match="nulls"):
        _ = snapshot(FRAME.with_columns(name=pl.lit(None, pl.String))).snapshot_id


def test_a_parquet_file_of_something_else_is_refused(tmp_path):
    FRAME.write_parquet(tmp_path / "x.parquet")
    with pytest.raises(IntegrityError, match="not a snapshot"):
        Snapshot.from_parquet((tmp_path / "x.parquet").read_bytes())
