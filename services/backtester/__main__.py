"""`python -m services.backtester`: run the service; `--once` does the due work and exits."""

from services.backtester.bootstrap import build
from shared.runtime.worker import main

if __name__ == "__main__":
    raise SystemExit(main("backtester", build))
