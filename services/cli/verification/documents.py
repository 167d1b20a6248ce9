"""Verifies a proof or a whole generation, as the gateway serves it, by hashing alone."""

import re
from dataclasses import dataclass
from typing import Any

from shared.errors import InvalidInputError
from shared.merkle import Step, canonical_line, leaf_hash, merkle_levels, root_of

LEVELS = ("50", "80", "90")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Verdict:
    """`holds` is the answer; `reason` describes the comparison."""

    holds: bool
    reason: str


def judge(document: object, *, trusted_root: str | None) -> Verdict:
    """Judge a proof or nowcast document. `trusted_root`: a root noted elsewhere, which replaces that of the document.

    Raises:
        InvalidInputError: it is neither, or a part is missing.
    """
    if not isinstance(document, dict):
        raise InvalidInputError("expected a JSON object: the answer of /v1/nowcasts/{generation}/proof/{punk}")
    try:
        root = _hash(document["generation"]["merkle_root"])
        if "punks" in document:
            found, what = _whole(document), f"all {len(document['punks']):,} values"
        else:
            broken = _contradiction(document)
            if broken:
                return Verdict(False, broken)
            found = root_of(document["line"].encode(), _steps(document)).hex()
            what = f"the line {document['line']!r} and its path"
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError(
            f"this is neither a proof nor a generation: {error!r} is missing or has no meaning"
        ) from error
    for name, expected in (("of its generation", root), ("you trust", trusted_root)):
        if expected is not None and found != expected.lower():
            return Verdict(False, f"{what} have the root {found}, not the root {name}, {expected}")
    return Verdict(True, f"{what} have the root {found}")


def _whole(document: dict[str, Any]) -> str:
    lines = []
    for entry in sorted(document["punks"], key=lambda punk: int(punk["punk_id"])):
        bounds = [entry["intervals"][level][side]["wei"] for level in LEVELS for side in ("lo", "hi")]
        lines.append(canonical_line(entry["punk_id"], (entry["value"]["wei"], *bounds), entry["confidence"]))
    return merkle_levels("\n".join(lines).encode())[-1][0].hex()


def _steps(document: dict[str, Any]) -> list[Step]:
    steps = []
    for step in document["path"]:
        if step["side"] not in ("left", "right"):
            raise ValueError(f"side {step['side']}")
        steps.append(Step(step["side"], bytes.fromhex(_hash(step["hash"]))))
    return steps


def _contradiction(document: dict[str, Any]) -> str | None:
    """A contradiction within the proof, apart from its root; None without one."""
    punk = document["line"].partition(",")[0]
    if punk != str(document["punk_id"]):
        return f"the line is about punk {punk}, not about {document['punk_id']}"
    if leaf_hash(document["line"].encode()).hex() != document["leaf"]:
        return "the leaf is not the hash of the line"
    index, count = int(document["leaf_index"]), int(document["leaf_count"])
    if not 0 <= index < count:
        return f"there is no leaf {index} among {count}"
    if [step["side"] for step in document["path"]] != sides(index, count):
        return f"the path is not that of leaf {index} among {count}"
    return None


def sides(index: int, count: int) -> list[str]:
    """The sides of the neighbours on the path from a leaf to the root of a tree of `count` leaves."""
    found = []
    while count > 1:
        if index ^ 1 < count:
            found.append("left" if index % 2 else "right")
        index, count = index // 2, (count + 1) // 2
    return found


def _hash(text: str) -> str:
    if not _HASH.fullmatch(text):
        raise ValueError(f"hash {text[:70]}")
    return text
