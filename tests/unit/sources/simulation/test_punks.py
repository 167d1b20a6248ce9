import numpy as np
import polars as pl
import pytest

from shared.market.collection import ACCESSORIES, HELD, NAMES, WORN_COUNTS
from shared.market.reference_data import validate_punks
from shared.sources.simulation.punks import NOTHING, Punks, draw_punks


@pytest.fixture(scope="module")
def punks() -> Punks:
    return draw_punks(np.random.default_rng(3))


def test_the_published_table_adds_up() -> None:
    assert len(NAMES) == len(set(NAMES)) == 87
    assert sum(WORN_COUNTS) == 10_000
    # As many accessories are worn as punks wear.
    assert sum(HELD.values()) == sum(number * punks for number, punks in enumerate(WORN_COUNTS)) == 27_539


def test_types_skins_and_numbers_of_accessories_are_exact(punks: Punks) -> None:
    frame = validate_punks(punks.frame(), "punks")
    types = dict(frame["type"].value_counts().iter_rows())
    assert types == {"Male": 6039, "Female": 3840, "Zombie": 88, "Ape": 24, "Alien": 9}
    skins = dict(frame["skin"].value_counts().iter_rows())
    assert skins == {"Albino": 1018, "Light": 3006, "Mid": 3031, "Dark": 2824, None: 121}
    assert dict(frame["accessories"].list.len().value_counts().iter_rows()) == {
        0: 8, 1: 333, 2: 3560, 3: 4501, 4: 1420, 5: 166, 6: 11, 7: 1
    }  # fmt: skip
    assert frame.filter(pl.col("type").is_in(["Zombie", "Ape", "Alien"]))["skin"].null_count() == 121


def test_each_accessory_is_within_a_tenth_of_its_published_count(punks: Punks) -> None:
    found = np.bincount(punks.worn[punks.worn != NOTHING], minlength=NOTHING)
    published = np.array([HELD[name] for name in NAMES])
    assert np.abs(found / published - 1.0).max() < 0.1
    assert np.abs(found - published).sum() < 0.03 * published.sum()


def test_nobody_wears_what_only_others_can_wear_nor_two_things_at_one_place(punks: Punks) -> None:
    frame = punks.frame()
    worn = frame.select("type", name="accessories").explode("name").drop_nulls()
    for place, (name, by_kind) in enumerate(ACCESSORIES.items()):
        here = {accessory for names in by_kind.values() for accessory in names}
        assert set(worn.filter(pl.col("name").is_in(list(by_kind.get("men", {}))))["type"]) & {"Female"} == set(), name
        assert set(worn.filter(pl.col("name").is_in(list(by_kind.get("women", {}))))["type"]) <= {"Female"}, name
        assert {NAMES[code] for code in set(punks.worn[:, place].tolist()) - {NOTHING}} == here
    assert (frame["accessories"].list.len() == (punks.worn != NOTHING).sum(axis=1)).all()


def test_a_larger_collection_has_the_same_shares() -> None:
    punks = draw_punks(np.random.default_rng(3), 50_000)
    assert np.bincount(punks.type_code).tolist() == [30_195, 19_200, 440, 120, 45]
    found = np.bincount(punks.worn[punks.worn != NOTHING], minlength=NOTHING)
    assert np.abs(found / (5.0 * np.array([HELD[name] for name in NAMES])) - 1.0).max() < 0.1
