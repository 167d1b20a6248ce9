"""The check before a deployment: whether this code serves the models in use. Loading checks the reference rows."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.errors import IntegrityError, NotFoundError, UnsupportedModelError
from shared.registry import model_files, models
from shared.registry.models import ActiveModel, Role
from shared.runtime.platform import Platform
from shared.signing.notes import trusted_keys
from shared.valuation.model import ValuationModel

ExitCode = Literal[0, 1, 3]
"""0: all load, or there is no champion yet. 1: the champion does not. 3: only a standby model does not."""


@dataclass(frozen=True)
class Finding:
    """How one model loads. `trouble` is empty if it does; `unsupported`: a sound file that this code cannot serve."""

    model_id: str
    role: Role
    trouble: str = ""
    unsupported: bool = False

    def line(self) -> str:
        return f"{self.model_id} {self.role}: {self.trouble or 'ok'}"


async def preflight(platform: Platform) -> list[Finding]:
    """Load the champion, its fallback and the shadows, in this order.

    Raises:
        TransientError: the object store is down.
    """
    async with platform.database.connection() as connection:
        active = await models.active(connection)
    return [await _look(platform, model) for model in active]


def exit_code(findings: Sequence[Finding], *, accept_unsupported: bool = False) -> ExitCode:
    """The exit code for a deployment. It can accept unsupported models, but no damaged files."""
    troubled = [finding for finding in findings if finding.trouble and not (accept_unsupported and finding.unsupported)]
    if not troubled:
        return 0
    return 1 if any(finding.role == "champion" for finding in troubled) else 3


async def _look(platform: Platform, active: ActiveModel) -> Finding:
    record = active.record
    try:
        trusted = trusted_keys(platform.settings.trusted_keys)
        body = await model_files.read(platform.store, record, trusted=trusted)
        await asyncio.to_thread(ValuationModel.from_bytes, body, threads=platform.settings.threads)
    except (IntegrityError, NotFoundError, UnsupportedModelError) as error:
        return Finding(record.model_id, active.role, str(error), isinstance(error, UnsupportedModelError))
    return Finding(record.model_id, active.role)
