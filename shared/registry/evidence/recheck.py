"""Gather the evidence of a recorded gate a second time, from the archived files that it names."""

from __future__ import annotations

import json
from typing import Any

from shared.database.pool import Connection, Database
from shared.errors import NotFoundError, UnsupportedModelError
from shared.evaluation import gate_record
from shared.evaluation.canonical import canonical_json
from shared.evaluation.policy import stored_policy
from shared.registry import decisions, models
from shared.registry.decisions import DecisionDocument
from shared.registry.evidence.gathering import EvidenceGatherer, Then
from shared.registry.models import ModelRecord

_MEASURED_THEN = "quick"
"""Latency: it cannot be measured a second time."""


async def recheck(database: Database, gatherer: EvidenceGatherer, decision: DecisionDocument) -> list[str]:
    """The parts of a gate's evidence that differ from the archived files; none for every other kind of decision.

    Raises:
        TransientError: the object store is away.
    """
    recorded = decision.evidence
    if decision.kind != "gate" or "evidence" not in recorded:
        return []
    try:
        async with database.connection() as connection:
            policy = stored_policy((await decisions.policy(connection, decision.policy_hash)).body)
            named = [recorded["model"], recorded["champion"], recorded["anchor"]]
            contender, champion, anchor = [await _model(connection, one) for one in named]
    except NotFoundError as error:
        return [str(error)]
    assert contender is not None
    evidence = recorded["evidence"]
    then = Then(
        recorded["nowcast_snapshot"], gate_record.champion_unsupported(evidence), evidence.get("anchor_unsupported")
    )
    try:
        gathered = await gatherer.gather(contender, champion, anchor, then=then)
    except UnsupportedModelError as error:
        return [f"this code cannot read a file that it was decided on ({error}): use the version of then"]
    taken = json.loads(canonical_json(gate_record.to_plain(gathered.evidence, policy)))
    return [
        f"its {part} are not those of the archived files"
        for part, value in evidence.items()
        if _comparable(value) != _comparable(taken.get(part))
    ]


async def _model(connection: Connection, model_id: str | None) -> ModelRecord | None:
    return None if model_id is None else await models.get(connection, model_id)


def _comparable(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in part.items() if name != _MEASURED_THEN}
