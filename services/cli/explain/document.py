"""An account as JSON: every number in full, times in UTC, money in ETH unless a name ends in `_wei`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from services.cli.explain.account import Account
from shared.valuation.explanation.comparables import Comparable, OwnSale


def document(account: Account) -> dict[str, Any]:
    """What a program reads; unknown numbers are null."""
    told = account.explanation
    return {
        "punk_id": told.punk_id,
        "traits": list(told.traits),
        "as_of": _instant(told.as_of),
        "value_eth": told.reasons.value_eth,
        "floor_eth": told.reasons.floor_eth,
        "bounds_eth": told.bounds,
        "confidence": {"grade": told.confidence, "meaning": told.meaning},
        "reasons": [asdict(part) for part in told.reasons.parts],
        "changes": None if told.changes is None else asdict(told.changes),
        "previous": None if account.previous is None else _plain(asdict(account.previous)),
        "comparables": [_sale(sale) for sale in told.comparables],
        "own_sales": [_sale(sale) for sale in told.own_sales],
        "features": {name: number if isfinite(number) else None for name, number in told.features.items()},
        "model": _plain(asdict(account.origin)),
        "snapshot_id": told.snapshot_id,
        "reproduction": _plain(asdict(account.reproduction)),
    }


def as_json(account: Account) -> str:
    """The document's text, with a newline at its end."""
    return json.dumps(document(account), indent=2, allow_nan=False) + "\n"


def _sale(sale: Comparable | OwnSale) -> dict[str, Any]:
    return asdict(sale) | {"time": _instant(datetime.fromtimestamp(sale.time, UTC))}


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Wei as text, as everywhere in JSON: a program's numbers may be too short for it."""
    plain = {name: _instant(value) if isinstance(value, datetime) else value for name, value in fields.items()}
    return {name: str(value) if name.endswith("_wei") and value is not None else value for name, value in plain.items()}


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
