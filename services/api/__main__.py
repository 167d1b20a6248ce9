"""`python -m services.api`: the gateway as a process."""

from __future__ import annotations

import uvloop

from services.api.bootstrap import serve
from shared.settings import Settings
from shared.telemetry.logging import configure


def main() -> None:
    settings = Settings()
    configure(settings, "api")
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
