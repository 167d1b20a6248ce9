"""Whoever changes what a feature computes raises its version, or gives the new computation a name of its own.

feature_versions.json has, for every feature, its version and a SHA-256 of what it says about a fixed made-up market.
The values are hashed as text of four significant digits, so that another processor's last digits do not show; a change
smaller than that does not show either.

`python -m tests.unit.valuation.test_feature_versions` makes the file again. It refuses while a feature says something
else under the same version.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
import pytest

from shared.valuation import features
from shared.valuation.feature_table import versions
from tests.factories import market
from tests.factories.feature_market import CLEAN, PRICES, SPAN, TRAITS, column

FILE: Final = Path(__file__).with_name("feature_versions.json")
COMMAND: Final = "python -m tests.unit.valuation.test_feature_versions"
SHARES: Final = (0.0, 0.1, 0.35, 0.6, 0.85, 1.0)
"""Of the market's span: the instants that are looked at."""
ZERO: Final = 1e-7
"""What is smaller counts as zero: it is what rounding leaves of numbers that cancel."""


class FeatureDigest(NamedTuple):
    """What a feature computes."""

    version: int
    sha256: str


def measured() -> dict[str, FeatureDigest]:
    """Of punks that trade, that never traded, and of every type."""
    rare = [int(np.flatnonzero(TRAITS.type_code == code)[-1]) for code in range(5)]
    punks = np.array([*range(0, 130, 2), *rare], dtype=np.int64)
    asked = np.array([market.START + round(share * SPAN) for share in SHARES], dtype=np.int64)
    rows = features.compute(CLEAN, PRICES, np.tile(punks, len(asked)), np.repeat(asked, len(punks)))
    return {name: FeatureDigest(version, digest(column(rows, name))) for name, version in versions().items()}


def digest(values: np.ndarray) -> str:
    kept = np.where(np.abs(values) < ZERO, 0.0, values).tolist()
    return hashlib.sha256("\n".join(f"{value:.4g}" for value in kept).encode()).hexdigest()


def recorded() -> dict[str, FeatureDigest]:
    return {name: FeatureDigest(*feature) for name, feature in json.loads(FILE.read_text()).items()}


def complaints(before: dict[str, FeatureDigest], now: dict[str, FeatureDigest]) -> list[str]:
    """Which features say something else under the same version."""
    return [
        f"{name} says something else than its version {feature.version} did. Models fitted on it would read other "
        "numbers: raise its `version` in feature_table, or leave it as it was and give the new computation a name of "
        f"its own; then run `{COMMAND}`"
        for name, feature in now.items()
        if name in before and before[name].version == feature.version and before[name].sha256 != feature.sha256
    ]


def test_no_feature_says_something_else_under_the_same_version() -> None:
    assert not complaints(recorded(), measured())


def test_the_file_is_the_one_that_this_code_makes() -> None:
    assert recorded() == measured(), f"features came, went or have another version: run `{COMMAND}`"


def test_features_differ_on_the_market() -> None:
    """Almost every feature moves, so that almost any change of one shows."""
    rows = [one.sha256 for name, one in measured().items() if not name.startswith(("has_", "wears_"))]
    assert len(set(rows)) > 0.9 * len(rows)


def test_the_complaint_names_the_feature_and_what_to_do() -> None:
    now = measured()
    other = now | {"own_age": now["own_age"]._replace(sha256="0" * 64)}
    (complaint,) = complaints(now, other)
    assert complaint.startswith("own_age says something else than its version 1 did")
    assert "raise its `version`" in complaint
    assert COMMAND in complaint
    assert not complaints(now, other | {"own_age": FeatureDigest(2, "0" * 64)})
    assert not complaints(now, now | {"weather": FeatureDigest(1, "0" * 64)})


def test_last_digits_do_not_show_and_a_change_of_a_thousandth_does() -> None:
    values = np.random.default_rng(1).normal(size=300).astype(np.float32)
    assert digest(values * np.float32(1 + 2e-7)) == digest(values)
    assert digest(values * np.float32(1.001)) != digest(values)
    assert digest(np.array([-0.0, 1e-9, np.nan])) == digest(np.array([0.0, 0.0, np.nan])) != digest(np.zeros(3))


@pytest.mark.parametrize("name", ["owner_holds", "premium", "floor_change_1d"])
def test_a_computation_that_is_changed_shows(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    compute = features.compute

    def changed(*asked: Any) -> pl.DataFrame:
        return compute(*asked).with_columns((pl.col(name) * 1.01).cast(pl.Float32))

    monkeypatch.setattr(features, "compute", changed)
    assert [complaint.split()[0] for complaint in complaints(recorded(), measured())] == [name]


if __name__ == "__main__":
    found = measured()
    if FILE.exists() and (wrong := complaints(recorded(), found)):
        raise SystemExit("\n".join(wrong))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(one)}" for name, one in found.items())
    FILE.write_text(f"{{\n{lines}\n}}\n")
