"""params.toml: the one in git holds, and every way to spoil one is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import InvalidInputError
from shared.valuation.params import PARAMS_FILE, Params

GOOD = """\
rounds = 20
half_life_days = 900.0
learn_days = 1500
[booster]
objective = "reg:absoluteerror"
max_depth = 4
"""


def test_the_file_in_git_is_read_and_says_the_same_again_when_written_out():
    params = Params.load()
    assert params == Params.load(PARAMS_FILE) == Params.from_dict(params.as_dict(), "again")
    assert params.booster["objective"] == "reg:absoluteerror"
    assert "seed" not in params.booster
    assert "nthread" not in params.booster


def test_a_good_file_is_read_as_it_stands(tmp_path: Path):
    file = tmp_path / "good.toml"
    file.write_text(GOOD)
    expected = Params({"objective": "reg:absoluteerror", "max_depth": 4}, 20, 900.0, 1500)
    assert Params.load(file) == expected


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [
        (GOOD.replace("rounds = 20", ""), "expected exactly the keys"),
        ("depth = 3\n" + GOOD, "expected exactly the keys"),
        (GOOD.replace("rounds = 20", "rounds = 0"), "rounds must be a number above zero"),
        (GOOD.replace("rounds = 20", "rounds = 2.5"), "rounds must be a whole number"),
        (GOOD.replace("1500", "1500.5"), "learn_days must be a whole number"),
        (GOOD.replace("900.0", "-1.0"), "half_life_days must be a number above zero"),
        (GOOD.replace("900.0", "true"), "half_life_days must be a number above zero"),
        (GOOD.replace("900.0", '"900"'), "half_life_days must be a number above zero"),
        (GOOD.replace("900.0", "nan"), "half_life_days must be a number above zero"),
        (GOOD.replace("900.0", "inf"), "half_life_days must be a number above zero"),
        ("booster = 5\n" + GOOD.split("[", maxsplit=1)[0], "booster must be a table"),
        (GOOD + "[", "no readable parameter file"),
    ],
)
def test_a_spoilt_file_is_refused_with_its_name_and_what_is_wrong(tmp_path: Path, spoilt: str, complaint: str):
    file = tmp_path / "spoilt.toml"
    file.write_text(spoilt)
    with pytest.raises(InvalidInputError, match=rf"spoilt\.toml: .*{complaint}"):
        Params.load(file)


def test_a_file_that_is_no_text_or_is_not_there_is_refused(tmp_path: Path):
    file = tmp_path / "binary.toml"
    file.write_bytes(b"\xff\xfe\x00rounds")
    for which in (file, tmp_path / "missing.toml"):
        with pytest.raises(InvalidInputError, match="no readable parameter file"):
            Params.load(which)
