"""`python -m services.trainer`: run the service; `--once` does the due work and exits."""

from services.trainer.bootstrap import build
from shared.runtime.worker import main

if __name__ == "__main__":
    raise SystemExit(main("trainer", build))
