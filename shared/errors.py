"""The two families of expected failure, and the problem they describe to a person.

A `TransientError` is worth another try (the broker is away, a lease was lost); a `PermanentError` is not (the message
is malformed, the file is corrupt). The message bus turns the first into a delayed retry and the second into a dead
letter. Every message says what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pydantic import ValidationError


class PunkcastError(Exception):
    """Base of every expected failure. `status` and `slug` let the gateway render it as problem+json."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"


class TransientError(PunkcastError):
    """May succeed when tried again unchanged."""

    status = 503
    slug = "unavailable"


class PermanentError(PunkcastError):
    """Will fail again however often it is tried."""

    status = 400
    slug = "bad-request"


class InvalidInputError(PermanentError):
    """Somebody's input breaks a rule; the text names the place (file, row, field) and the rule."""

    status = 422
    slug = "invalid-input"


class NotFoundError(PermanentError):
    """The thing asked for does not exist."""

    status = 404
    slug = "not-found"


class ConflictError(PermanentError):
    """The world moved on: a compare-and-swap failed, a state does not allow the transition."""

    status = 409
    slug = "conflict"


class IntegrityError(PermanentError):
    """Stored bytes do not match their recorded SHA-256, or a record contradicts another."""

    status = 500
    slug = "integrity"


class UnsupportedModelError(PermanentError):
    """A model file is sound, but this code cannot serve it: another release can.

    Its format, a feature or a learner is unknown here, or this code answers the recorded reference rows differently.
    """

    status = 500
    slug = "internal"


def problems(error: ValidationError) -> str:
    """What pydantic refuses, in one line: each key and why."""
    found = error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in found)
