"""Canonical JSON: one text per value, so that a hash of the text identifies the value."""

import hashlib
import json
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, PlainSerializer
from pydantic_core import to_jsonable_python

RECORDED = ConfigDict(extra="forbid")
"""For types that are recorded as JSON: a field that this code does not know is an error."""
Instant = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat)]
"""An aware datetime, recorded with its offset as digits ("+00:00")."""


def canonical_json(value: object) -> str:
    """Sorted keys, no spaces, ASCII; pydantic types serialise themselves. Non-finite numbers become null."""
    plain = to_jsonable_python(value, inf_nan_mode="null")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
