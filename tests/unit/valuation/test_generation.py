import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.valuation.generation import build, drift, merkle_levels, violations
from shared.valuation.model import Values


def values(n=10_000, scale=1.0, seed=0):
    value = np.random.default_rng(seed).uniform(40, 400, n) * scale
    grades = np.full(n, "A")
    return Values(value, value * 0.95, value * 1.05, value * 0.9, value * 1.1, value * 0.8, value * 1.2, grades)


def test_rows_are_exact_wei_with_nested_intervals_and_one_line_a_punk():
    generation = build(values(5))
    row = generation.frame.row(2, named=True)
    assert all(wei.endswith("0" * 12) for name, wei in row.items() if name.endswith("_wei"))
    ordered = [int(row[f"{name}_wei"]) for name in ("lo90", "lo80", "lo50", "value", "hi50", "hi80", "hi90")]
    assert ordered == sorted(ordered)
    assert generation.lines.split(b"\n")[2].decode() == ",".join(str(cell) for cell in row.values())


def test_a_bound_of_zero_is_written_as_zero():
    zeroed = replace(values(3), lo50=np.zeros(3), lo80=np.zeros(3), lo90=np.zeros(3))
    assert build(zeroed).frame["lo90_wei"].to_list() == ["0", "0", "0"]


@given(st.lists(st.text(alphabet="0123456789,", min_size=1), min_size=1, max_size=40))
def test_the_merkle_root_is_the_one_of_rfc_6962(drawn):
    lines = [line.encode() for line in drawn]

    def tree(part):
        if len(part) == 1:
            return hashlib.sha256(b"\x00" + part[0]).digest()
        split = 1
        while split * 2 < len(part):
            split *= 2
        return hashlib.sha256(b"\x01" + tree(part[:split]) + tree(part[split:])).digest()

    assert merkle_levels(b"\n".join(lines) + b"\n")[-1] == [tree(lines)]


def test_one_changed_value_changes_root_and_hash():
    one, other = values(100), values(100)
    other.value_eth[57] += 0.001
    assert build(one).merkle_root() != build(other).merkle_root()
    assert build(one).values_sha256 != build(other).values_sha256


def test_sound_values_pass_the_guards_and_a_market_wide_move_is_no_violation():
    assert violations(values(), None) == []
    assert violations(values(scale=1.4), values().value_eth) == []


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (values(9_999), "9999 values"),
        (values(scale=np.nan), "finite"),
        (values(scale=-1.0), "not positive"),
        (values(seed=1), "moved by"),
    ],
)
def test_a_generation_that_is_incomplete_absurd_or_jumping_is_refused(broken, complaint):
    found = violations(broken, values().value_eth)
    assert len(found) == 1
    assert complaint in found[0]


def test_drift_is_zero_for_a_parallel_shift():
    base = values().value_eth
    assert drift(base, base * 1.1) == pytest.approx((0.0, 0.0), abs=1e-12)
