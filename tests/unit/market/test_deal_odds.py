from dataclasses import replace
from math import isfinite, log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.market.deal_odds import DEFAULT_PRIOR, FEW, LEAST_SPREAD, Offer, Prior, judge, learn

amounts = st.floats(1e-9, 1e9)
shares = st.floats(0.0, 1.0)


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    value = draw(amounts)
    return Offer(draw(amounts), value, value * draw(shares), value * (1.0 + 10.0 * draw(shares)))


priors = st.builds(Prior, mean=st.floats(-3.0, 3.0), spread=st.floats(LEAST_SPREAD, 3.0), asks=st.just(100))


@given(offer=offers(), prior=priors)
def test_nothing_is_ever_undefined(offer: Offer, prior: Prior) -> None:
    judged = judge(offer, prior)
    assert 0.0 <= judged.probability <= 1.0
    assert isfinite(judged.worth_eth)
    assert judged.worth_eth >= 0.0
    assert isfinite(judged.margin_eth(offer.ask_eth, fee=0.05, gas_eth=0.01))


@given(offer=offers(), prior=priors, more=st.floats(1.0, 100.0))
def test_a_higher_ask_is_less_likely_a_deal(offer: Offer, prior: Prior, more: float) -> None:
    dearer = replace(offer, ask_eth=offer.ask_eth * more)
    assert judge(dearer, prior).probability <= judge(offer, prior).probability


@given(offer=offers(), prior=priors)
def test_what_looks_better_than_usual_is_shrunk(offer: Offer, prior: Prior) -> None:
    assume(offer.log_ratio >= prior.mean)
    judged = judge(offer, prior)
    assert judged.worth_eth <= offer.value_eth * (1 + 1e-9)
    raw = offer.value_eth - offer.ask_eth
    assert judged.margin_eth(offer.ask_eth, fee=0.0, gas_eth=0.0) <= raw + 1e-9 * offer.value_eth


@given(offer=offers(), prior=priors, wider=st.floats(1.0, 5.0))
def test_the_less_sure_a_value_the_more_it_is_shrunk(offer: Offer, prior: Prior, wider: float) -> None:
    assume(offer.log_ratio >= prior.mean)
    unsure = replace(offer, lo80_eth=offer.lo80_eth / wider, hi80_eth=offer.hi80_eth * wider)
    assert judge(unsure, prior).worth_eth <= judge(offer, prior).worth_eth * (1 + 1e-9)


@given(offer=offers(), prior=priors, fee=st.floats(0.0, 0.5), gas=st.floats(0.0, 1.0))
def test_fees_and_gas_cost(offer: Offer, prior: Prior, fee: float, gas: float) -> None:
    judged = judge(offer, prior)
    free = judged.margin_eth(offer.ask_eth, fee=0.0, gas_eth=0.0)
    assert judged.margin_eth(offer.ask_eth, fee=fee, gas_eth=gas) <= free


@given(found=st.lists(offers(), max_size=40))
def test_any_market_teaches_a_prior_that_can_be_used(found: list[Offer]) -> None:
    prior = learn(found)
    assert isfinite(prior.mean)
    assert prior.spread >= LEAST_SPREAD
    assert (prior is DEFAULT_PRIOR) == (len(found) < FEW)


def test_the_prior_and_the_probabilities_are_those_of_the_market_they_came_from() -> None:
    """Where truth and errors are normal, probabilities hold what they say, and unshrunk ones promise too much."""
    generator = np.random.default_rng(7)
    count, mean, spread, error = 40_000, -0.25, 0.15, 0.12
    truth = generator.normal(mean, spread, count)
    said = truth + generator.normal(0.0, error, count)
    width = float(np.exp(error * 1.2815515655446004))
    market = [Offer(1.0, float(np.exp(x)), float(np.exp(x)) / width, float(np.exp(x)) * width) for x in said]
    prior = learn(market)
    assert prior.mean == pytest.approx(mean, abs=0.01)
    assert prior.spread == pytest.approx(spread, abs=0.01)
    judged = [judge(offer, prior) for offer in market]
    probability = np.array([one.probability for one in judged])
    likely = probability > 0.5
    assert likely.sum() > 500
    assert (truth[likely] > 0).mean() == pytest.approx(probability[likely].mean(), abs=0.03)
    expected = np.array([log(one.worth_eth) for one in judged])
    assert truth[likely].mean() == pytest.approx(expected[likely].mean(), abs=0.01)
    assert said[likely].mean() > truth[likely].mean() + 0.02, "without shrinking there would be a curse"
