"""A hold-out of made-up sales with a good contender, a champion and everything else a gate asks for."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from shared.evaluation.arrays import Floats
from shared.evaluation.evidence import (
    BlastFacts,
    GateEvidence,
    HoldoutSales,
    InfraFacts,
    LineageFacts,
    Predictions,
)
from shared.evaluation.gates import Restraint
from shared.evaluation.metrics import Band

CUTOFF = datetime(2025, 1, 1, tzinfo=UTC)
SALES = 240
DAYS = 30


def predictions(value: Floats, spread: float = 0.06) -> Predictions:
    """Intervals that fit normal log errors of the given spread."""
    bands = tuple(
        Band(level, value * np.exp(-z * spread), value * np.exp(z * spread))
        for level, z in ((0.8, 1.2816), (0.9, 1.6449))
    )
    return Predictions(value, bands)


def holdout(seed: int = 1, n: int = SALES, *, extra_error: float = 0.0, shift: float = 0.0) -> HoldoutSales:
    """Both models err by 6 % and nearly alike; `extra_error` makes the contender's errors that share larger."""
    generator = np.random.default_rng(seed)
    floor = np.full(n, 40.0)
    price = floor * np.exp(np.abs(generator.normal(0, 0.6, n)))
    error = generator.normal(0, 0.06, n)
    champion = price * np.exp(error)
    # Far enough from the noise that a test of one rule does not trip over another.
    contender = price * np.exp(error * (1 + extra_error) * 0.98 + shift)
    start = int(CUTOFF.timestamp())
    return HoldoutSales(
        price=price,
        floor=floor,
        last_sale_carry=price * np.exp(generator.normal(0, 0.4, n)),
        trait_median=price * np.exp(generator.normal(0, 0.3, n)),
        time=np.sort(generator.integers(start, start + DAYS * 86_400, n)),
        rare=np.arange(0, n, 50),
        contender=predictions(contender),
        champion=predictions(champion),
    )


def blast(*, moved: float = 0.01, up: float = 0.0) -> BlastFacts:
    """Half of the values rise and half fall by `moved`; all rise by `up` (log units)."""
    champion = np.full(10_000, 50.0)
    sign = np.where(np.arange(10_000) % 2 == 0, 1.0, -1.0)
    return BlastFacts.of(champion * np.exp(moved * sign + up), champion)


def infra(**changes: object) -> InfraFacts:
    sound = InfraFacts(
        loads=True,
        load_error="",
        sha256_matches=True,
        finite_positive=True,
        golden_difference=0.0,
        golden_rows=16,
        quick=True,
        parity_difference=0.0,
        parity_rows=10_240,
    )
    return replace(sound, **changes)  # type: ignore[arg-type]


def lineage(**changes: object) -> LineageFacts:
    return replace(LineageFacts((), CUTOFF, CUTOFF), **changes)  # type: ignore[arg-type]


def evidence(**changes: object) -> GateEvidence:
    """Evidence that passes every gate, with the given fields replaced."""
    whole = GateEvidence(has_champion=True, lineage=lineage(), infra=infra(), sales=holdout(), blast=blast())
    return replace(whole, **changes)  # type: ignore[arg-type]


def first_contender(**changes: object) -> GateEvidence:
    """The same without any champion."""
    alone = evidence(
        has_champion=False,
        lineage=lineage(champion_cutoff=None),
        sales=replace(holdout(), champion=None),
        blast=None,
    )
    return replace(alone, **changes)  # type: ignore[arg-type]


def gate_inputs(found: GateEvidence, restraint: Restraint | None = None, **ids: object) -> dict[str, object]:
    """What a gate judges: the evidence, the restraint (none unless given) and who is compared."""
    return {"kind": "gate", "model": "m-1", "restraint": restraint or Restraint(), "evidence": found} | ids
