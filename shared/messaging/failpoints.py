"""Places where a test lets a process be killed at the worst instant: between commit, publish and acknowledgement.

`PUNKCAST_FAILPOINTS="after-commit:3"` makes the process send itself SIGKILL the third time it passes `after-commit`;
several are joined by commas. Unset, as it is everywhere but in `tests/chaos`, passing one costs a look into the
environment and does nothing. What is left to count is kept in that very variable, so nothing else remembers it.

| name | where |
|---|---|
| `before-commit` | a transaction's effects are written, not committed |
| `after-commit` | committed; the message that caused it is not acknowledged |
| `after-publish` | the broker has confirmed outbox rows that are not deleted yet |
"""

from __future__ import annotations

import os
import signal
import sys

VARIABLE = "PUNKCAST_FAILPOINTS"


def passing(name: str) -> None:
    """Die here, if this is the passage that the environment names.

    Raises:
        ValueError: the variable is set to something else than `name:count[,name:count…]`.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return
    left = {point: int(count) for point, _, count in (entry.partition(":") for entry in given.split(","))}
    if name not in left:
        return
    left[name] -= 1
    os.environ[VARIABLE] = ",".join(f"{point}:{count}" for point, count in left.items())
    if left[name] == 0:
        sys.stderr.write(f"failpoint {name}: this process kills itself\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
