"""`python -m services.api`: the gateway as a process."""

import gc
import signal
import sys

if __name__ == "__main__":
    # Nothing is open while the modules load: a signal ends the process at once, and gracefully.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))

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
    # A thread that renders a generation must yield to the event loop sooner than the default of five milliseconds.
    sys.setswitchinterval(SWITCH_S)
    # A generation is tens of thousands of objects without cycles: scanning them stops the loop in vain.
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
