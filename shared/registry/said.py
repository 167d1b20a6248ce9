"""Who does something and why, as a person said it."""

from pydantic import TypeAdapter, ValidationError

from shared.contracts.messages import Actor, Reason
from shared.errors import InvalidInputError

_ACTOR, _REASON = TypeAdapter[str](Actor), TypeAdapter[str](Reason)


def said(actor: str, reason: str) -> tuple[str, str]:
    """Both without surrounding spaces.

    Raises:
        InvalidInputError: one of them is empty, too long, or has characters that readers cannot see.
    """
    try:
        return _ACTOR.validate_python(actor), _REASON.validate_python(reason)
    except ValidationError as error:
        raise InvalidInputError(
            "say who does this (1 to 100 characters) and why (1 to 500 characters): "
            f"{error.errors(include_url=False)[0]['msg']}"
        ) from error
