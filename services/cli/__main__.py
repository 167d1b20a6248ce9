"""`punkcast`, also `python -m services.cli`."""

from __future__ import annotations

import sys

from asyncpg.exceptions import InterfaceError, PostgresError
from pydantic import ValidationError

from shared.errors import PunkcastError


def main() -> None:
    """Run a command. What a person can do something about is one line and exit code 2, not a traceback."""
    # Imported here: the process that fits a model imports this module too, and should not wait for every command.
    from services.cli.app import app  # noqa: PLC0415

    try:
        app(prog_name="punkcast")
    except PunkcastError as error:
        _fail(str(error))
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        _fail(f"setting PUNKCAST_{'_'.join(map(str, detail['loc'])).upper()}: {detail['msg']}")
    except (ConnectionError, TimeoutError, PostgresError, InterfaceError) as error:
        _fail(f"{type(error).__name__}: {error}; is the database of PUNKCAST_DATABASE_URL up?")
    except OSError as error:
        _fail(f"{type(error).__name__}: {error}")


def _fail(text: str) -> None:
    sys.stderr.write(f"punkcast: {' '.join(text.split())}\n")
    sys.exit(2)


if __name__ == "__main__":
    main()
