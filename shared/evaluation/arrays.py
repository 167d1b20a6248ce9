"""Array types of the evaluation, and the columns of numbers in recorded evidence."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from shared.market.series import Floats, Ints

__all__ = ["FloatColumn", "Floats", "IntColumn", "Ints", "Mask"]

Mask = npt.NDArray[np.bool_]

_FLOATS, _INTS = TypeAdapter(list[float | None]), TypeAdapter(list[int])


def _floats(values: object) -> Floats:
    if isinstance(values, np.ndarray):
        return values
    return np.array(_FLOATS.validate_python(values, strict=True), dtype=np.float64)


def _ints(values: object) -> Ints:
    return values if isinstance(values, np.ndarray) else np.array(_INTS.validate_python(values, strict=True), np.int64)


FloatColumn = Annotated[Floats, PlainValidator(_floats), PlainSerializer(np.ndarray.tolist)]
"""Recorded as a list of numbers, null for what is not finite; read back as NaN."""
IntColumn = Annotated[Ints, PlainValidator(_ints), PlainSerializer(np.ndarray.tolist)]
