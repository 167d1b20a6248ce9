"""`python -m services.nowcaster`: run the service; `--once` does the due work and exits."""

from services.nowcaster.bootstrap import build
from shared.runtime.worker import main

if __name__ == "__main__":
    raise SystemExit(main("nowcaster", build))
