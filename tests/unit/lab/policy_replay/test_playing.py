"""Four policies over the small market, and rules of promotion and rollback on made-up candidates."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import pytest

from lab.policy_replay.candidates import Candidate, Candidates, candidates, fit_one, snapshot_values
from lab.policy_replay.faults import Fault
from lab.policy_replay.history import History, Window
from lab.policy_replay.ours import Ours
from lab.policy_replay.rules import PointEstimate
from lab.policy_replay.scoring import Figures, harms, play
from shared.errors import InvalidInputError
from shared.evaluation.arrays import Floats, Ints
from shared.evaluation.evidence import Predictions
from shared.evaluation.metrics import Band
from shared.evaluation.policy import Policy, load_policy
from tests.factories import small_market

WINDOW = Window(small_market.END - timedelta(days=32), small_market.END, timedelta(days=8))
FAULTS = (Fault("units", 1), Fault("trait_shuffle", 2), Fault("stale_features", 3))
HOLDOUT = 120


def policy() -> Policy:
    """The packaged one, for so small a market: half as many sales tell the coverage less closely."""
    whole = load_policy()
    return whole.model_copy(
        update={
            "holdout": whole.holdout.model_copy(update={"min_sales": 60}),
            "absolute": whole.absolute.model_copy(update={"coverage_resolution": 0.15}),
        }
    )


@cache
def history() -> History:
    return History(small_market.timeline(), small_market.prices(), WINDOW, holdout_sales=HOLDOUT)


@cache
def fitted(faults: tuple[Fault, ...]) -> Candidates:
    quick = small_market.quick()
    return candidates(history(), faults, lambda snapshots: map(partial(fit_one, params=quick), snapshots))


@cache
def played(faults: tuple[Fault, ...]) -> dict[str, Figures]:
    return {one.policy: one for one in play(history(), fitted(faults), policy())}


def test_every_refit_learns_only_from_what_lies_before_its_hold_out() -> None:
    for refit, at in enumerate(history().refits):
        learnt, held = history().training(refit).frame, history().holdout(refit)
        assert learnt["sale_time"].max() < history().cutoffs[refit] < at  # type: ignore[operator]
        assert held.sum() == HOLDOUT
        assert history().time[held].max() < at.timestamp()


def test_always_promoting_sound_refits_is_the_reference_itself() -> None:
    figures = played(())["always promote"]
    assert figures.excess_error == 0.0
    assert figures.promotions == len(history().refits) - 1
    assert (figures.rollbacks, figures.bad_days, figures.fates) == (0, 0.0, ())


def test_never_retraining_has_the_error_of_the_first_champion() -> None:
    first = fitted(()).offered[0]
    within = history().time >= WINDOW.start.timestamp()
    figures = played(())["never retrain"]
    assert figures.mean_error == pytest.approx(float(first.loss[within].mean()))
    assert figures.sales == int(within.sum())
    assert figures.promotions == 0


def test_whoever_promotes_everything_bears_every_fault_until_the_next_refit() -> None:
    figures = played(FAULTS)["always promote"]
    assert [(fate.fault.split("@")[0], fate.days, fate.ended) for fate in figures.fates] == [
        ("units", 8.0, "replaced by the next"),
        ("trait_shuffle", 8.0, "replaced by the next"),
        ("stale_features", 8.0, "champion at the end"),
    ]
    assert figures.bad_days == 24.0
    assert figures.excess_error > 0.3, "prices ten times too high for a quarter of the window"


def test_ours_lets_no_price_ten_times_too_high_pass_and_says_which_check_refused_it() -> None:
    fate = played(FAULTS)["ours"].fates[0]
    assert (fate.ended, fate.days, fate.promoted_at) == ("stopped by the gate", 0.0, None)
    assert "non_inferiority" in fate.reason
    assert "bias" in fate.reason


def test_the_harm_of_a_fault_is_measured_against_the_same_refit_without_it() -> None:
    units, _, stale = harms(history(), fitted(FAULTS))
    assert units.extra_error == pytest.approx(np.log(10), abs=0.3)
    assert stale.fault == "stale_features"


def test_the_same_history_gives_the_same_figures() -> None:
    again = {one.policy: one for one in play(history(), fitted(FAULTS), policy())}
    assert again == played(FAULTS)


def test_a_stale_model_values_the_punks_of_a_week_before() -> None:
    offered = fitted(FAULTS)
    spoilt, sound = offered.offered[3], offered.sound[3]
    a_week_before = snapshot_values(history(), sound, spoilt.at - timedelta(days=7))
    assert np.array_equal(snapshot_values(history(), spoilt, spoilt.at), a_week_before)


def test_a_window_without_sales_or_history_is_refused() -> None:
    for start in (small_market.END + timedelta(days=1), small_market.END - timedelta(days=4_000)):
        window = Window(start, start + timedelta(days=8), timedelta(days=8))
        with pytest.raises(InvalidInputError, match="no sales"):
            History(small_market.timeline(), small_market.prices(), window, holdout_sales=HOLDOUT)


def _holding(price: Floats, value: Floats, level: float, inside: npt.NDArray[np.bool_]) -> Band:
    """An interval around each value that reaches the price and beyond where `inside`, else half of the way to it."""
    reach = value * (price / value) ** np.where(inside, 1.0 + level, 0.5 * level)
    return Band(level, np.minimum(reach, 0.999 * value), np.maximum(reach, 1.001 * value))


def turning(candidate: Candidate, *, before: float, after: float) -> Candidate:
    """The same model with its log errors multiplied, before its promotion and after: what no gate can see.

    Its intervals hold exactly as many prices as they promise, evenly spread over the sales.
    """
    price, factor = history().price, np.where(history().time >= candidate.at.timestamp(), after, before)
    value = price * (candidate.on_sales.value / price) ** factor
    spread = np.arange(len(price)) * 0.618034 % 1.0
    bands = tuple(_holding(price, value, band.level, spread < band.level) for band in candidate.on_sales.bands)
    return replace(candidate, on_sales=Predictions(value, bands), loss=np.abs(np.log(value / price)))


def second() -> Candidate:
    """A copy of the first champion, offered at the second refit."""
    return replace(fitted(()).offered[0], refit=1, at=history().refits[1], cutoff=history().cutoffs[1])


def sales_since(instant: datetime) -> Iterator[tuple[Ints, datetime]]:
    """The rows and the instant of each transaction."""
    return ((rows, at) for at, rows in history().transactions() if at >= instant)


def test_ours_rolls_back_a_model_that_turns_bad_and_cools_down() -> None:
    first = fitted(()).offered[0]
    bad = turning(second(), before=0.3, after=2.5)
    ours = Ours(history(), first, policy())
    ours.offered(bad, bad.at)
    assert ours.record.champion is bad, [event.reason for event in ours.record.events]
    for rows, at in sales_since(bad.at):
        ours.sold(rows, at)
    rollback = next(event for event in ours.record.events if event.act == "rollback")
    assert ours.record.champion is first
    assert "E = " in rollback.reason
    ours.offered(replace(bad, at=rollback.at), rollback.at + timedelta(hours=1))
    assert ours.record.events[-1].act == "shadow", "no automatic promotion during the cool-down"
    assert "cool-down" in ours.record.events[-1].reason


def test_while_a_promotion_is_on_probation_others_run_in_the_shadow_and_wait() -> None:
    good = turning(second(), before=0.3, after=0.3)
    equal = replace(good, at=good.at + timedelta(hours=1))
    ours = Ours(history(), fitted(()).offered[0], policy())
    ours.offered(good, good.at)
    ours.offered(equal, equal.at)
    assert "is in its warm-up" in ours.record.events[-1].reason
    for rows, at in sales_since(equal.at):
        ours.sold(rows, at)
    acts = [(event.act, event.candidate is good) for event in ours.record.events]
    assert acts[:4] == [("promote", True), ("shadow", False), ("confirm", True), ("promote", False)]


def test_the_mape_rule_rolls_back_when_the_rolling_mean_leaves_the_gate_level() -> None:
    first = fitted(()).offered[0]
    bad = turning(second(), before=0.99, after=2.5)
    rule = PointEstimate(history(), first)
    rule.offered(bad, bad.at)
    assert [event.act for event in rule.record.events] == ["promote"]
    count = 0
    for rows, at in sales_since(bad.at):
        rule.sold(rows, at)
        count += len(rows)
        if rule.record.champion is first:
            break
    assert [event.act for event in rule.record.events] == ["promote", "rollback"]
    assert count >= 50
