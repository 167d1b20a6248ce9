from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lab.policy_replay import faults
from lab.policy_replay.faults import KINDS, Fault, parse, shuffle, spoil_training
from shared.errors import InvalidInputError
from tests.factories import small_market

WEEKLY = tuple(datetime(2024, 8, 1, tzinfo=UTC) + timedelta(days=7 * week) for week in range(53))


def test_all_injects_each_kind_twice_evenly_and_never_the_first_refit() -> None:
    injected = parse("all", WEEKLY)
    assert sorted(fault.kind for fault in injected) == sorted([*KINDS, *KINDS])
    places = [fault.refit for fault in injected]
    assert places == sorted(set(places))
    assert min(places) >= 1
    assert set(np.diff(places)) <= {5, 6}


@pytest.mark.parametrize("spec", [None, "", "none"])
def test_without_a_word_nothing_is_spoilt(spec: str | None) -> None:
    assert parse(spec, WEEKLY) == ()


def test_a_fault_spoils_the_first_refit_on_or_after_its_day() -> None:
    assert parse("units@2024-08-08, subtle@2024-08-16", WEEKLY) == (Fault("units", 1), Fault("subtle", 3))
    assert parse("units@2024-08-01", WEEKLY) == (Fault("units", 1),), "the first champion stays sound"


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("rain@2024-08-08", "kinds: label_noise"),
        ("units", "kind@"),
        ("units@2024-13-01", "is not a day"),
        ("units@2026-01-01", "no refit"),
        ("units@2024-08-08,subtle@2024-08-08", "a fault already"),
    ],
)
def test_a_specification_that_makes_no_sense_is_refused(spec: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        parse(spec, WEEKLY)


def test_a_window_too_short_for_all_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="needs 11 refits"):
        parse("all", WEEKLY[:10])


def test_what_is_spoilt_in_training_is_that_and_nothing_else() -> None:
    learn, _ = small_market.inputs()
    price = learn.frame["price_eth"].to_numpy()
    rest = learn.frame.drop("price_eth")
    units = spoil_training(learn, Fault("units", 3)).frame
    assert np.allclose(units["price_eth"].to_numpy(), 10 * price)
    assert units.drop("price_eth").equals(rest)
    noisy = spoil_training(learn, Fault("label_noise", 3)).frame
    moved = np.log(noisy["price_eth"].to_numpy() / price)
    assert noisy.drop("price_eth").equals(rest)
    assert moved.std() == pytest.approx(faults.NOISE, rel=0.1)
    by_sale = noisy.with_columns(moved=moved).group_by("event_seq").n_unique()
    assert by_sale["moved"].max() <= 2, "a sale has one wrong price, at both horizons (but for rounding)"
    few = spoil_training(learn, Fault("subtle", 3)).frame
    kept = few["event_seq"].n_unique() / learn.frame["event_seq"].n_unique()
    assert kept == pytest.approx(faults.KEPT, abs=0.06)
    assert few.columns == learn.frame.columns


def test_the_same_fault_is_the_same_and_another_refit_draws_again() -> None:
    learn, _ = small_market.inputs()
    first, again, other = (spoil_training(learn, Fault("subtle", refit)) for refit in (3, 3, 4))
    assert first.snapshot_id == again.snapshot_id != other.snapshot_id


def test_a_shuffled_column_has_the_same_values_elsewhere() -> None:
    _, judge = small_market.inputs()
    fault = Fault("trait_shuffle", 2)
    seen = shuffle(judge.frame, fault)
    before, after = (frame[faults.SHUFFLED].to_numpy() for frame in (judge.frame, seen))
    assert not np.array_equal(before, after, equal_nan=True)
    assert np.array_equal(np.sort(before), np.sort(after), equal_nan=True)
    assert seen.drop(faults.SHUFFLED).equals(judge.frame.drop(faults.SHUFFLED))
    assert shuffle(judge.frame, fault).equals(seen)
