"""What each type of problem means. Its `type` is a name; this is the page about it that every gateway has."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from services.api.problem_page import entry
from services.api.problem_types import TITLES_AND_STEPS
from services.api.problems import documented
from shared.errors import NotFoundError

router = APIRouter(tags=["problems"])
MARKDOWN = "text/markdown; charset=utf-8"


@router.get(
    "/problems/{slug}",
    operation_id="get_problem_type",
    summary="What a type of problem means, and what to do",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/markdown": {}}}, **documented(404, 422)},
)
async def problem_type(slug: str) -> PlainTextResponse:
    """In Markdown."""
    if slug not in TITLES_AND_STEPS:
        raise NotFoundError(f"There is no type of problem {slug[:60]!r}; docs/problems.md lists them.")
    return PlainTextResponse(entry(slug), media_type=MARKDOWN, headers={"Cache-Control": "public, max-age=86400"})
