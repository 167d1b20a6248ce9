"""Parts of a model file by themselves: as JSON has them, and read again."""

import base64
import json
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter

Part = TypeVar("Part")


def written(part: object) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(TypeAdapter(type(part)).dump_python(part, mode="json")))
    return document


def read(kind: type[Part], document: object) -> Part:
    return TypeAdapter(kind).validate_python(document)


def array(numbers: np.ndarray, dtype: str) -> dict[str, Any]:
    """As a file has it, whatever the numbers."""
    return {"shape": list(numbers.shape), "numbers": base64.b64encode(numbers.astype(dtype).tobytes()).decode()}
