"""`punkcast`, also `python -m services.cli`."""

import sys

from shared.errors import PunkcastError


def main() -> None:
    """Run a command. An error that the user can fix is printed as one line, with exit code 2."""
    # Imported here: the process that fits a model imports this module too, and needs no commands.
    from services.cli.app import app  # noqa: PLC0415

    try:
        app(prog_name="punkcast")
    except PunkcastError as error:
        _fail(str(error))
    except Exception as error:
        if (text := _explained(error)) is None:
            raise
        _fail(text)


def _explained(error: Exception) -> str | None:
    """The line for an error of a setting, the database or a file; None for any other, which is a bug."""
    # Imported here: help and usage errors need neither.
    from asyncpg.exceptions import InterfaceError, PostgresError  # noqa: PLC0415
    from pydantic import ValidationError  # noqa: PLC0415

    if isinstance(error, ValidationError):
        detail = error.errors(include_url=False, include_input=False)[0]
        return f"setting PUNKCAST_{'_'.join(map(str, detail['loc'])).upper()}: {detail['msg']}"
    if isinstance(error, ConnectionError | TimeoutError | PostgresError | InterfaceError):
        return f"{type(error).__name__}: {error}; is the database of PUNKCAST_DATABASE_URL up?"
    return f"{type(error).__name__}: {error}" if isinstance(error, OSError) else None


def _fail(text: str) -> None:
    from shared.contracts.texts import printable  # noqa: PLC0415

    sys.stderr.write(f"punkcast: {printable(' '.join(text.split()))}\n")
    sys.exit(2)


if __name__ == "__main__":
    main()
