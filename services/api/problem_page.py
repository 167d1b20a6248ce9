"""What each type of problem means: the page that every gateway has at its `type`'s name, and docs/problems.md.

`python -m services.api.problem_page > docs/problems.md`
"""

import sys
from typing import Final

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from services.api.problem_types import PROBLEM_TYPES
from services.api.problems import TYPE_BASE, documented
from shared.errors import NotFoundError

router = APIRouter(tags=["problems"])
MARKDOWN = "text/markdown; charset=utf-8"
INTRODUCTION: Final = """# Problems

Every error of the gateway is RFC 9457 `application/problem+json`. Its `type` is stable: decide by it, never by `title`
or `detail`, which are for people. `next_step` says what to do; `errors` names the places of invalid input. A gateway
explains each type at `/problems/{name}`. This page is made by `python -m services.api.problem_page`.
"""


def entry(slug: str) -> str:
    """The section of one type."""
    problem = PROBLEM_TYPES[slug]
    retry = "Worth another try unchanged." if problem.retry else "The same request will fail again."
    heading = f"## {slug}\n\n`{TYPE_BASE}{slug}` · status {problem.status}"
    return f"{heading}\n\n{problem.title}. {problem.next_step}\n\n{retry}\n"


def page() -> str:
    """The page with all types of problem."""
    return INTRODUCTION + "\n" + "\n".join(entry(slug) for slug in PROBLEM_TYPES)


@router.get(
    "/problems/{slug}",
    operation_id="get_problem_type",
    summary="What a type of problem means, and what to do",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/markdown": {}}}, **documented(404, 422)},
)
async def problem_type(slug: str) -> PlainTextResponse:
    """In Markdown."""
    if slug not in PROBLEM_TYPES:
        raise NotFoundError(f"There is no type of problem {slug[:60]!r}; docs/problems.md lists them.")
    return PlainTextResponse(entry(slug), media_type=MARKDOWN, headers={"Cache-Control": "public, max-age=86400"})


if __name__ == "__main__":
    sys.stdout.write(page())
