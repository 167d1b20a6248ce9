"""Gather the evidence of a recorded gate again, from the archived snapshots and model files that it names."""

import json
from typing import Any

from pydantic import ValidationError

from shared.database.pool import Connection, Database
from shared.errors import NotFoundError, UnsupportedModelError, problems
from shared.evaluation.canonical import canonical_json
from shared.evaluation.judgement import GateInputs
from shared.registry import models
from shared.registry.decisions import DecisionDocument
from shared.registry.evidence.gathering import EvidenceGatherer
from shared.registry.models import ModelRecord

_NOT_REPEATABLE = "quick"
"""Nobody can measure the latency of that day again."""


async def recheck(database: Database, gatherer: EvidenceGatherer, decision: DecisionDocument) -> list[str]:
    """The parts of a gate's evidence that its files contradict; empty for every other kind of decision.

    Raises:
        TransientError: the object store is down.
    """
    inputs = decision.evidence
    if decision.kind != "gate" or "evidence" not in inputs:
        return []
    try:
        gate = GateInputs.of(inputs)
    except ValidationError as error:
        return [f"its inputs are damaged: {problems(error)}"]
    try:
        async with database.connection() as connection:
            contender = await models.get(connection, gate.model)
            champion = await _model(connection, gate.champion)
            last_confirmed = await _model(connection, gate.anchor)
        gathered = await gatherer.gather(contender, champion, last_confirmed, recorded=gate)
    except NotFoundError as error:
        return [str(error)]
    except UnsupportedModelError as error:
        return [f"this code cannot read a file of the evidence ({error}): use the release that made the decision"]
    measured = json.loads(canonical_json(gathered.evidence))
    return [
        f"its {part} are not those of the archived files"
        for part, value in inputs["evidence"].items()
        if _comparable(value) != _comparable(measured.get(part))
    ]


async def _model(connection: Connection, model_id: str | None) -> ModelRecord | None:
    return None if model_id is None else await models.get(connection, model_id)


def _comparable(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in part.items() if name != _NOT_REPEATABLE}
