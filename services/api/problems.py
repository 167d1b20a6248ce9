"""RFC 9457 problems: every failure in one shape, with the next step, never with a stack trace."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import asyncpg
import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from services.api.problem_types import PROBLEM_TYPES, SLUG_OF_STATUS, ProblemType
from shared.database import pool
from shared.database.pool import DatabaseUnavailableError
from shared.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermanentError,
    PunkcastError,
    TransientError,
)

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "https://punkcast.dev/problems/"
DATABASE_ERRORS = (DatabaseUnavailableError, *pool.AWAY, asyncpg.exceptions.InterfaceError)
"""What the pool, asyncpg and the socket raise while the server is down, starting, stopping or out of connections;
a time-out (an OSError) is among them."""

log = structlog.get_logger(__name__)


class Place(BaseModel):
    """One broken rule of an invalid request."""

    location: str = Field(description="Where: query.limit, path.punk_id, body.reason", examples=["query.limit"])
    rule: str = Field(examples=["Input should be less than or equal to 500"])


class Problem(BaseModel):
    """RFC 9457 problem details, with the next step as an extension member."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=[TYPE_BASE + "not-found"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request", examples=["/v1/punks/10000"])
    next_step: str = Field(description="What to do about it")
    errors: list[Place] | None = None


class NoGenerationError(TransientError):
    """Nothing has been published yet."""

    slug: ClassVar[str] = "no-generation"


class BusyError(TransientError):
    """This process serves as many requests as it can."""

    slug: ClassVar[str] = "busy"


class GoneError(PermanentError):
    """It existed and was removed."""

    status: ClassVar[int] = 410
    slug: ClassVar[str] = "generation-gone"


class NotAcceptableError(PermanentError):
    """The client accepts none of the formats."""

    status: ClassVar[int] = 406
    slug: ClassVar[str] = "not-acceptable"


class BadCursorError(PermanentError):
    slug: ClassVar[str] = "bad-cursor"


class UnauthorizedError(PermanentError):
    status: ClassVar[int] = 401
    slug: ClassVar[str] = "unauthorized"


class TooManyRefusedError(TransientError):
    """The address has tried too many keys."""

    status: ClassVar[int] = 429
    slug: ClassVar[str] = "rate-limited"


class ForbiddenError(PermanentError):
    status: ClassVar[int] = 403
    slug: ClassVar[str] = "forbidden"


class GatewayNotAllowedError(PermanentError):
    """The key may do it, this gateway's database login may not."""

    status: ClassVar[int] = 403
    slug: ClassVar[str] = "gateway-not-allowed"


class IdempotencyConflictError(ConflictError):
    slug: ClassVar[str] = "idempotency-conflict"


RETRY_AFTER_S = {"no-generation": "30", "too-many-open": "60", "rate-limited": "60"}


def problem_response(
    path: str,
    *,
    slug: str,
    status: int,
    detail: str,
    errors: Sequence[Place] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem+json answer; 429 and 503 carry Retry-After."""
    known = PROBLEM_TYPES.get(slug) or ProblemType(status, HTTPStatus(status).phrase, "See /docs.")
    problem = Problem(
        type=TYPE_BASE + slug,
        title=known.title,
        status=status,
        detail=detail,
        instance=path,
        next_step=known.next_step,
        errors=list(errors) or None,
    )
    headers = {"Cache-Control": "no-store"} | (headers or {})
    if status in (429, 503):
        headers.setdefault("Retry-After", RETRY_AFTER_S.get(slug, "5"))
    if status == 401:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="punkcast"')
    body = orjson.dumps(problem.model_dump(exclude_none=True))
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: shape}} for status in statuses}


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The copy you have still holds"}}


def no_such_punk(punk_id: int) -> NotFoundError:
    return NotFoundError(f"There is no punk {str(punk_id)[:20]}; punks are numbered from 0 to 9999.")


def install(app: FastAPI) -> None:
    """Turn every failure into a problem."""
    app.add_exception_handler(PunkcastError, _on_punkcast_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(TimeoutError, _on_timeout)
    for away in DATABASE_ERRORS:
        app.add_exception_handler(away, _on_database_away)
    app.add_exception_handler(Exception, _on_unexpected)


async def _on_punkcast_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PunkcastError)
    if error.status >= 500 and error.status != 503:
        log.error("request_failed", path=request.url.path, error=str(error))
        detail = "The details are in the operator's logs."
    else:
        detail = str(error)
    return problem_response(request.url.path, slug=error.slug, status=error.status, detail=detail)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    places = [
        Place(location=".".join(str(part) for part in found["loc"]), rule=str(found["msg"]))
        for found in error.errors()[:20]
    ]
    detail = "; ".join(f"{place.location}: {place.rule}" for place in places[:3])
    return problem_response(request.url.path, slug=InvalidInputError.slug, status=422, detail=detail, errors=places)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    details = {
        404: f"Nothing is served at {request.url.path}; /openapi.json lists what is.",
        405: f"{request.method} is not allowed on {request.url.path}.",
    }
    return problem_response(
        request.url.path,
        slug=SLUG_OF_STATUS.get(status, "bad-request" if status < 500 else "internal"),
        status=status,
        detail=details.get(status, error.detail),
        headers=dict(error.headers or {}),
    )


async def _on_timeout(request: Request, error: Exception) -> Response:
    # While the database is away, its time-outs are of that.
    gateway = request.scope.get("state", {}).get("gateway")
    if gateway is None or gateway.current.database_away_since is not None:
        return await _on_database_away(request, error)
    log.warning("request_timed_out", path=request.url.path)
    detail = "Time-out: the request did not end within its limit. Other requests may have kept it waiting."
    return problem_response(request.url.path, slug="timeout", status=503, detail=detail)


async def _on_database_away(request: Request, error: Exception) -> Response:
    log.warning("database_away", path=request.url.path, error=repr(error))
    return problem_response(
        request.url.path,
        slug=TransientError.slug,
        status=503,
        detail="The database does not answer, and this route needs it.",
    )


async def _on_unexpected(request: Request, error: Exception) -> Response:
    return problem_response(
        request.url.path,
        slug="internal",
        status=500,
        detail="The request hit a fault of the gateway; nothing was changed.",
    )
