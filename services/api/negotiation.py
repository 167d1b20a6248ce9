"""The format that a client wants: `?format=` first, then the Accept header (RFC 9110, section 12.5.1)."""

from collections.abc import Mapping
from typing import Final, Literal

from services.api.problems import NotAcceptableError

Format = Literal["json", "csv", "parquet"]
MEDIA_TYPES: Final[Mapping[str, Format]] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
}
"""The preferred first."""


def chosen(accept: str | None, named: Format | None) -> Format:
    """The format to answer in.

    Raises:
        NotAcceptableError: the header accepts none of them.
    """
    if named is not None:
        return named
    if accept is None or not accept.strip():
        return "json"
    wanted = _weights(accept)
    # Among equals the more specific range wins, and then the order in which formats are known.
    best: Format | None = None
    best_rank = (0.0, 0)
    for media_type, name in MEDIA_TYPES.items():
        rank = max((rank for rank in (_rank(media_type, one, wanted[one]) for one in wanted)), default=(0.0, 0))
        exact = wanted.get(media_type)
        if exact is not None:
            rank = (exact, 2)
        if rank[0] > 0.0 and rank > best_rank:
            best, best_rank = name, rank
    if best is None:
        raise NotAcceptableError(f"None of {', '.join(MEDIA_TYPES)} is accepted by {accept[:200]!r}.")
    return best


def _rank(media_type: str, wanted: str, weight: float) -> tuple[float, int]:
    if wanted == "*/*":
        return weight, 0
    if wanted.endswith("/*") and media_type.startswith(wanted[:-1]):
        return weight, 1
    return 0.0, 0


def _weights(accept: str) -> dict[str, float]:
    """Media ranges and their quality; an unreadable quality counts as 1."""
    found: dict[str, float] = {}
    for part in accept.split(",")[:40]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = min(max(float(parameter[2:]), 0.0), 1.0)
                except ValueError:
                    weight = 1.0
        if name:
            found[name] = max(weight, found.get(name, 0.0))
    return found
