"""URLs of the settings in messages: user, password, path and query may hold a secret, scheme and host do not."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from shared.errors import InvalidInputError

_HOST = r"(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]*\])(?::[0-9]{1,5})?"
# Everything before the last @ counts as user and password, whatever stands in it.
_SHOWN: Final = re.compile(rf"([A-Za-z][A-Za-z0-9+.-]*://)(?:.*@)?({_HOST})(?=[/?#]|$)(.*)", re.DOTALL)


def redacted(url: str) -> str:
    """`scheme://host:port`, and `/…` for the rest. A text without this form is not shown at all.

    Of PostgreSQL the path is shown, too: it is the database's name.
    """
    match = _SHOWN.fullmatch(url)
    if match is None:
        return "(not shown: no URL)" if url else "(empty)"
    scheme, host, rest = match.groups()
    database = re.match(r"/\w+(?=\?|$)", rest)
    if database is not None and scheme in ("postgresql://", "postgres://"):
        return f"{scheme}{host}{database[0]}"
    return f"{scheme}{host}{'/…' if rest.strip('/') else ''}"


def split(url: str, setting: str) -> SplitResult:
    """As `urlsplit`.

    Raises:
        InvalidInputError: the text is no URL; it is not shown.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidInputError(f"{setting} is no URL; look at its host, port and brackets") from error
    return parts
