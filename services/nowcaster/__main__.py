"""`python -m services.nowcaster`: run the service, or with `--once` do what is due and end."""

from services.nowcaster.bootstrap import build
from shared.runtime.worker import main

if __name__ == "__main__":
    raise SystemExit(main("nowcaster", build))
