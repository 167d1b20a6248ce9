"""The evidence of a gate as plain data for canonical JSON, and back: whoever has the text can judge again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from math import nan
from typing import Any

import numpy as np

from shared.evaluation.arrays import Floats, Ints
from shared.evaluation.blast_radius import BlastRadius
from shared.evaluation.evidence import (
    BlastFacts,
    GateEvidence,
    HoldoutSales,
    InfraFacts,
    LineageFacts,
    Predictions,
    SnapshotValues,
    Unsupported,
)
from shared.evaluation.metrics import Band
from shared.evaluation.policy import Policy

Plain = dict[str, Any]


def to_plain(evidence: GateEvidence, policy: Policy) -> Plain:
    """Everything the checks are computed from. Of 20,000 snapshot values the measured radius stays, of the latency
    only whether it was within the limit: the same decision made twice must be the same text. What is said of models
    that the code cannot serve is there only where there is one, so that all other evidence reads as it always did.
    """
    snapshot = evidence.snapshot
    blast = snapshot.measured() if isinstance(snapshot, SnapshotValues) else snapshot
    plain: Plain = {
        "has_champion": evidence.has_champion,
        "has_anchor": evidence.has_anchor,
        "lineage": None if evidence.lineage is None else _lineage_out(evidence.lineage),
        "infra": None if evidence.infra is None else _infra_out(evidence.infra, policy),
        "sales": None if evidence.sales is None else sales_to_plain(evidence.sales),
        "blast": None if blast is None else asdict(blast),
    }
    champion = evidence.champion_unsupported
    if champion is not None:
        plain["champion_unsupported"] = {"reason": champion.reason, "since": champion.since.isoformat()}
    if evidence.anchor_unsupported is not None:
        plain["anchor_unsupported"] = evidence.anchor_unsupported
    return plain


def from_plain(plain: Mapping[str, Any], policy: Policy) -> GateEvidence:
    """What `to_plain` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is not that.
    """
    infra, sales, blast = plain["infra"], plain["sales"], plain["blast"]
    return GateEvidence(
        has_champion=plain["has_champion"],
        has_anchor=plain["has_anchor"],
        lineage=None if plain["lineage"] is None else _lineage_in(plain["lineage"]),
        infra=None if infra is None else _infra_in(infra, policy),
        sales=None if sales is None else sales_from_plain(sales),
        snapshot=None if blast is None else _blast_in(blast),
        champion_unsupported=champion_unsupported(plain),
        anchor_unsupported=plain.get("anchor_unsupported"),
    )


def champion_unsupported(plain: Mapping[str, Any]) -> Unsupported | None:
    """Whether the evidence was taken by code that could not serve the champion."""
    found = plain.get("champion_unsupported")
    return None if found is None else Unsupported(found["reason"], datetime.fromisoformat(found["since"]))


def sales_to_plain(sales: HoldoutSales) -> Plain:
    """Columns of numbers, ETH and UTC seconds."""
    plain: Plain = {
        "price": sales.price.tolist(),
        "floor": sales.floor.tolist(),
        "last_sale_carry": sales.last_sale_carry.tolist(),
        "trait_median": sales.trait_median.tolist(),
        "time": sales.time.tolist(),
        "rare": np.flatnonzero(sales.rare).tolist(),
        "contender": _predictions_out(sales.contender),
        "champion": None if sales.champion is None else _predictions_out(sales.champion),
        "anchor": None if sales.anchor is None else _predictions_out(sales.anchor),
    }
    return plain if sales.published is None else plain | {"published": sales.published.tolist()}


def sales_from_plain(plain: Mapping[str, Any]) -> HoldoutSales:
    """What `sales_to_plain` wrote."""
    rare = np.zeros(len(plain["price"]), dtype=np.bool_)
    rare[plain["rare"]] = True
    champion, anchor, published = plain["champion"], plain["anchor"], plain.get("published")
    return HoldoutSales(
        price=_floats(plain["price"]),
        floor=_floats(plain["floor"]),
        last_sale_carry=_floats(plain["last_sale_carry"]),
        trait_median=_floats(plain["trait_median"]),
        time=_ints(plain["time"]),
        rare=rare,
        contender=_predictions_in(plain["contender"]),
        champion=None if champion is None else _predictions_in(champion),
        anchor=None if anchor is None else _predictions_in(anchor),
        published=None if published is None else _floats(published),
    )


def _predictions_out(predictions: Predictions) -> Plain:
    return {
        "value": predictions.value.tolist(),
        "bands": [
            {"level": band.level, "low": band.low.tolist(), "high": band.high.tolist()} for band in predictions.bands
        ],
    }


def _predictions_in(plain: Mapping[str, Any]) -> Predictions:
    bands = tuple(Band(band["level"], _floats(band["low"]), _floats(band["high"])) for band in plain["bands"])
    return Predictions(_floats(plain["value"]), bands)


def _lineage_out(facts: LineageFacts) -> Plain:
    return {
        "missing": list(facts.missing),
        "contender_cutoff": facts.contender_cutoff.isoformat(),
        "champion_cutoff": None if facts.champion_cutoff is None else facts.champion_cutoff.isoformat(),
        "anchor_cutoff": None if facts.anchor_cutoff is None else facts.anchor_cutoff.isoformat(),
    }


def _lineage_in(plain: Mapping[str, Any]) -> LineageFacts:
    champion, anchor = plain["champion_cutoff"], plain["anchor_cutoff"]
    return LineageFacts(
        tuple(plain["missing"]),
        datetime.fromisoformat(plain["contender_cutoff"]),
        None if champion is None else datetime.fromisoformat(champion),
        None if anchor is None else datetime.fromisoformat(anchor),
    )


def _infra_out(facts: InfraFacts, policy: Policy) -> Plain:
    plain = asdict(facts)
    latency = plain.pop("latency_s")
    return plain | {"quick": None if latency is None else latency <= policy.infra.max_latency_s}


def _infra_in(plain: Mapping[str, Any], policy: Policy) -> InfraFacts:
    fields = dict(plain)
    quick, limit = fields.pop("quick"), policy.infra.max_latency_s
    return InfraFacts(**fields, latency_s=None if quick is None else limit if quick else 2 * limit)


def _blast_in(plain: Mapping[str, Any]) -> BlastFacts:
    radius = plain["radius"]
    return BlastFacts(None if radius is None else BlastRadius(**radius), plain["error"])


def _floats(values: Sequence[float | None]) -> Floats:
    """Canonical JSON has null for what was not a finite number."""
    return np.array([nan if value is None else value for value in values], dtype=np.float64)


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)
