"""A model of few trees on the small market: enough where only what is made of its values is looked at."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.training import fit
from tests.factories import small_market


@cache
def quick_model(seed: int = 7) -> ValuationModel:
    """Fitted on all but the hold-out."""
    learn, _ = small_market.inputs()
    return fit(learn, data_cutoff=learn.as_of, threads=1, seed=seed, params=replace(Params.load(), rounds=25))
