"""`python -m services.monitor`: run the service; `--once` does the due work and exits."""

from services.monitor.bootstrap import build
from shared.runtime.worker import main

if __name__ == "__main__":
    raise SystemExit(main("monitor", build))
