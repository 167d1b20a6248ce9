"""The two families of expected failures.

A `TransientError` may be retried (an unavailable broker, a lost lease); a `PermanentError` may not (a malformed
message, a corrupt file). The message bus turns the first into a delayed retry and the second into a dead letter. Every
text names the next step.
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
    """A retry may succeed."""

    status = 503
    slug = "unavailable"


class PermanentError(PunkcastError):
    """Every retry will fail."""

    status = 400
    slug = "bad-request"


class InvalidInputError(PermanentError):
    """The input breaks a rule; the text names the location (file, row, field) and the rule."""

    status = 422
    slug = "invalid-input"


class NotFoundError(PermanentError):
    """The requested object does not exist."""

    status = 404
    slug = "not-found"


class ConflictError(PermanentError):
    """The state has changed: a compare-and-swap failed, or the state does not allow the transition."""

    status = 409
    slug = "conflict"


class TooManyOpenError(TransientError):
    """The requester has as many open requests as it may have."""

    status = 429
    slug = "too-many-open"


class IntegrityError(PermanentError):
    """Stored bytes do not match their recorded SHA-256, or a record contradicts another."""

    status = 500
    slug = "integrity"


class UnsupportedModelError(PermanentError):
    """This process cannot serve an intact model file; another release, or one with other settings, can.

    Its format, a feature or a learner is unknown, this code values the reference rows differently, or no trusted key
    signed the file.
    """

    status = 500
    slug = "internal"


def problems(error: ValidationError) -> str:
    """Pydantic's errors in one line: each key with the reason."""
    details = error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in details)
