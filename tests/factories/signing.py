"""Keys of tests, and models that they signed."""

from __future__ import annotations

import base64
from dataclasses import replace

from shared.registry import model_files, models
from shared.registry.models import ModelRecord
from shared.signing.notes import SigningKey
from tests.factories.harness import Harness

OURS, NEXT, STRANGERS = (SigningKey("punkcast", bytes([number] * 32)) for number in (1, 2, 3))


def seed(key: SigningKey) -> str:
    """As `PUNKCAST_SIGNING_KEY` has it."""
    return base64.b64encode(key.seed).decode()


async def sign_model(harness: Harness, record: ModelRecord, key: SigningKey) -> None:
    notes = model_files.signatures(record.model_id, record.artifact_sha256, [key])
    await harness.run(models.add_signatures, record.model_id, notes, at=harness.clock.now())


def trust(harness: Harness, *keys: SigningKey) -> None:
    """Services hosted from now on load only what one of the keys signed."""
    trusted = ",".join(str(key.verifier) for key in keys)
    settings = harness.platform.settings.model_copy(update={"trusted_keys": trusted})
    harness.platform = replace(harness.platform, settings=settings)
