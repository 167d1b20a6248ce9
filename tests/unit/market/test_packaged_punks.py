import polars as pl

from shared.market.collection import HELD, SKIN_COUNTS, TYPE_COUNTS, WORN_COUNTS
from shared.market.reference_data import PUNK_SCHEMA, packaged_punks


def test_the_packaged_punks_have_exactly_the_published_counts() -> None:
    punks = packaged_punks()
    assert punks.schema == PUNK_SCHEMA
    assert dict(punks["type"].value_counts().iter_rows()) == TYPE_COUNTS
    assert dict(punks["skin"].drop_nulls().value_counts().iter_rows()) == SKIN_COUNTS
    worn = punks["accessories"].list.len().value_counts().sort("accessories")
    assert tuple(worn["count"]) == WORN_COUNTS
    held = punks["accessories"].explode(empty_as_null=False).value_counts()
    assert dict(held.iter_rows()) == HELD


def test_well_known_punks_look_as_everybody_knows_them() -> None:
    known = packaged_punks().filter(pl.col("punk_id").is_in([2, 3100, 7804])).rows()
    assert known == [
        (2, "Female", "Light", ["Wild Hair"]),
        (3100, "Alien", None, ["Headband"]),
        (7804, "Alien", None, ["Cap Forward", "Pipe", "Small Shades"]),
    ]
