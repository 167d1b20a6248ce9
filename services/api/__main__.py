"""`python -m services.api`: the gateway as a process."""

from __future__ import annotations

import gc
import sys

import uvloop
from pydantic import ValidationError

from services.api.bootstrap import serve
from shared.errors import PunkcastError
from shared.settings import Settings
from shared.telemetry.logging import configure

SWITCH_S = 0.0005
COLLECT_EVERY = (50_000, 20, 50)


def main() -> int:
    """Returns the exit code: 0 after a graceful end, 2 for unusable settings."""
    # Rendering a generation in a thread must not keep the loop from answering for the usual five milliseconds.
    sys.setswitchinterval(SWITCH_S)
    # A generation is tens of thousands of objects without a cycle: looking through them stops the loop for nothing.
    gc.set_threshold(*COLLECT_EVERY)
    try:
        settings = Settings()
        configure(settings, "api")
        uvloop.run(serve(settings))
    except (PunkcastError, ValidationError) as error:
        sys.stderr.write(f"api: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
