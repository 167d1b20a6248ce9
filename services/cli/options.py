"""Parsers of options that several commands take."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.errors import InvalidInputError
from shared.sources.market_files import require_path

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def existing(path: Path | None) -> Path | None:
    """A path that is there, looked at before anything slow is imported; None stays.

    Raises:
        InvalidInputError: it is not there.
    """
    if path is not None:
        require_path(path)
    return path


def duration(text: str) -> timedelta:
    """`30m`, `12h`, `14d`.

    Raises:
        InvalidInputError: anything else.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if not match:
        raise InvalidInputError(f"{text!r} is not a duration; write it like 30m, 12h or 14d")
    return int(match[1]) * _UNITS[match[2]]


def instant(option: str, text: str | None) -> datetime | None:
    """An ISO 8601 date or instant; without an offset it is UTC.

    Raises:
        InvalidInputError: it is neither.
    """
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(f"{option} {text!r}: expected a date or instant like 2025-06-01T12:00Z") from error


def address(option: str, text: str | None) -> str | None:
    """An Ethereum address, in lower case.

    Raises:
        InvalidInputError: it is none.
    """
    if text is None or re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        return text and text.lower()
    raise InvalidInputError(f"{option} {text!r}: expected an address, 0x and 40 hexadecimal digits")
