"""`python -m services.api.problem_page > docs/problems.md`: every type of problem, explained."""

from __future__ import annotations

import sys
from typing import Final

from services.api.problem_types import TITLES_AND_STEPS

TYPE_BASE: Final = "https://punkcast.dev/problems/"
STATUSES: Final[dict[str, tuple[int, ...]]] = {
    "bad-request": (400,),
    "invalid-input": (422,),
    "bad-cursor": (400,),
    "generation-gone": (410,),
    "not-found": (404,),
    "no-generation": (503,),
    "unavailable": (503,),
    "busy": (503,),
    "rate-limited": (429,),
    "unauthorized": (401,),
    "forbidden": (403,),
    "conflict": (409,),
    "idempotency-conflict": (409,),
    "method-not-allowed": (405,),
    "payload-too-large": (413,),
    "integrity": (500,),
    "internal": (500,),
}
RETRIES: Final = frozenset({"no-generation", "unavailable", "busy", "rate-limited", "internal"})
INTRODUCTION: Final = """# Problems

Every error of the gateway is RFC 9457 `application/problem+json`. Its `type` is stable: decide by it, never by `title`
or `detail`, which are for people. `next_step` says what to do; `errors` names the places of invalid input. A gateway
explains each type at `/problems/{name}`. This page is made by `python -m services.api.problem_page`.
"""


def entry(slug: str) -> str:
    """The section of one type."""
    title, step = TITLES_AND_STEPS[slug]
    status = ", ".join(map(str, STATUSES.get(slug, ())))
    again = "Worth another try unchanged." if slug in RETRIES else "The same request will fail again."
    return f"## {slug}\n\n`{TYPE_BASE}{slug}` · status {status or 'of the answer'}\n\n{title}. {step}\n\n{again}\n"


def page() -> str:
    """All of them."""
    return INTRODUCTION + "\n" + "\n".join(entry(slug) for slug in TITLES_AND_STEPS)


if __name__ == "__main__":
    sys.stdout.write(page())
