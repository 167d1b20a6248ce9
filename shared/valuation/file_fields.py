"""Types of the fields of a model file: pydantic reads and writes them, for the numbers' own bits, as base64.

An array is an object of `shape` and little-endian `numbers`. Reading raises ValueError, KeyError or TypeError, writing
ValueError, where an array is not what its field says.
"""

import base64
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import GetCoreSchemaHandler, PlainSerializer, PlainValidator
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class _Array:
    dtype: str
    finite: bool = True
    positive: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self.write)
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def read(self, document: dict[str, Any]) -> npt.NDArray[Any]:
        numbers = np.frombuffer(_decoded(document["numbers"]), self.dtype)
        return self._checked(np.array(numbers.reshape(document["shape"])))

    def write(self, array: npt.NDArray[Any]) -> dict[str, Any]:
        raw = self._checked(array).astype(self.dtype).tobytes()
        return {"shape": list(array.shape), "numbers": _encoded(raw)}

    def _checked(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.finite and not np.isfinite(array).all():
            raise ValueError("a model file has a number that is not finite")
        if self.positive and not (array > 0).all():
            raise ValueError("a model file has a number that is not above zero")
        return array


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


Bytes = Annotated[bytes, PlainValidator(_decoded), PlainSerializer(_encoded)]
Times = Annotated[npt.NDArray[np.int64], _Array("<i8")]
AnyNumbers = Annotated[npt.NDArray[np.float64], _Array("<f8", finite=False)]
"""Infinite ones, and NaN, among them."""
Numbers = Annotated[npt.NDArray[np.float64], _Array("<f8")]
PositiveNumbers = Annotated[npt.NDArray[np.float64], _Array("<f8", positive=True)]
Singles = Annotated[npt.NDArray[np.float32], _Array("<f4")]
"""In single precision."""
PositiveSingles = Annotated[npt.NDArray[np.float32], _Array("<f4", positive=True)]
