import json
from pathlib import Path

import pytest
import tomli_w
from pydantic import ValidationError

from shared.errors import InvalidInputError
from shared.valuation.feature_table import GROUPS, LEARNT
from shared.valuation.learners.ensemble import KINDS
from shared.valuation.params import PARAMS_FILE, Params

GOOD, NOW = PARAMS_FILE.read_text(), Params.load()
HALF_LIFE = f"half_life_days = {NOW.half_life_days}"


def test_the_file_in_git_is_read_and_says_the_same_again_when_written_out(tmp_path: Path) -> None:
    again = tmp_path / "again.toml"
    again.write_text(tomli_w.dumps(NOW.model_dump(mode="json")))
    assert NOW == Params.load(PARAMS_FILE) == Params.load(again)
    assert Params.from_dict(json.loads(json.dumps(NOW.model_dump(mode="json"))), "again") == NOW


def test_what_the_file_in_git_names_is_there() -> None:
    assert {member.kind for member in NOW.learners} <= set(KINDS)
    assert set(NOW.trees.leave_out) <= set(GROUPS.values())
    assert set(NOW.index_rule.features) <= set(LEARNT)
    assert sorted(NOW.grades.values()) == list(NOW.grades.values())


def test_further_keys_of_trees_are_xgboosts_own_and_a_seed_or_thread_is_none_of_them() -> None:
    trees = Params.load().trees
    assert trees.booster["objective"] == "reg:absoluteerror"
    assert trees.booster["max_bin"] == trees.max_bin
    assert not {"seed", "nthread", "rounds", "leave_out"} & set(trees.booster)


def test_parameters_are_read_only() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Params.load().seeds = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (f"min_sales = {NOW.min_sales} ", "#", "min_sales: Field required"),
        (f"seeds = {NOW.seeds}", "depth = 3\nseeds = 3", "depth: Extra inputs are not permitted"),
        ("[network]\n", "[network]\ndepth = 3\n", "network.depth: Extra inputs are not permitted"),
        (f"rounds = {NOW.trees.rounds}", "rounds = 0", "trees.rounds: Input should be greater than 0"),
        (f"rounds = {NOW.trees.rounds}", "rounds = 2.5", "trees.rounds: Input should be a valid integer"),
        (f"learn_days = {NOW.learn_days}", "learn_days = 1300.5", "learn_days: Input should be a valid integer"),
        (HALF_LIFE, "half_life_days = -1.0", "half_life_days: Input should be greater than 0"),
        (HALF_LIFE, "half_life_days = true", "half_life_days: Input should be a valid number"),
        (HALF_LIFE, 'half_life_days = "900"', "half_life_days: Input should be a valid number"),
        (HALF_LIFE, "half_life_days = nan", "half_life_days: Input should be"),
        (HALF_LIFE, "half_life_days = inf", "half_life_days: Input should be a finite number"),
        ('start = "zero"', 'start = "index"', "learners.0.start: Input should be 'zero', 'linear' or 'floored'"),
        ('types = ["Ape", "Alien"]', 'types = ["Ape", "Robot"]', "index_rule.types: .*there is no type Robot"),
        ("bounds = [1.08, 1.3, 2.5]", "bounds = [1.08, 1.08, 2.5]", "calibration.intervals.bounds: .*must rise"),
        ("knots = [1.0, 1.04,", "knots = [1.04, 1.0,", "calibration.correction.knots: .*must rise"),
        ("knots = [1.0, 1.04,", "knots = [0.0, 1.04,", "calibration.correction.knots.0: Input should be greater"),
        ("tail = 0.001", "tail = 0.5", "linear.tail: Input should be less than 0.5"),
        ("borrowed_widening = 1.5", "borrowed_widening = 0.9", "calibration.intervals.borrowed_widening: Input should"),
        ("A = 0.15", "A = 0.0", "grades.A: Input should be greater than 0"),
        ("[trees]\n", "[trees]\n[", "is not a readable parameter file"),
    ],
)
def test_a_spoilt_file_is_refused_with_its_name_and_key(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert GOOD.count(old) >= 1
    file = tmp_path / "spoilt.toml"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(InvalidInputError, match=rf"spoilt\.toml: (.*; )?{complaint}"):
        Params.load(file)


def test_a_table_that_is_no_table_and_a_file_without_a_learner_are_refused() -> None:
    for broken in ({"trees": 5}, {"learners": []}, {"calibration": None}):
        with pytest.raises(InvalidInputError, match=f"here: {next(iter(broken))}"):
            Params.from_dict(Params.load().model_dump(mode="json") | broken, "here")


def test_a_file_that_is_no_text_or_is_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "binary.toml"
    file.write_bytes(b"\xff\xfe\x00rounds")
    for which in (file, tmp_path / "missing.toml"):
        with pytest.raises(InvalidInputError, match="not a readable parameter file"):
            Params.load(which)
