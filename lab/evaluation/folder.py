"""The folder that a command writes its results to."""

import os
from pathlib import Path

from shared.errors import ConflictError, InvalidInputError


def prepare_folder(path: Path, *, force: bool) -> None:
    """Make the folder if need be, and check that it can be written to, before anything is computed.

    Raises:
        InvalidInputError: no folder can be made there, or written to.
        ConflictError: it is not empty, and `force` is off.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"--out {path}: cannot be made a folder ({error.strerror})") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise InvalidInputError(f"--out {path}: cannot be written to; name another folder")
    if not force and any(path.iterdir()):
        raise ConflictError(f"--out {path}: is not empty; name another folder, or write over it with --force")
