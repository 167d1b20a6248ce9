"""`python -m services.gatekeeper`: run the service; `--once` does the due work and exits."""

from services.gatekeeper.bootstrap import build
from shared.runtime.worker import main

if __name__ == "__main__":
    raise SystemExit(main("gatekeeper", build))
