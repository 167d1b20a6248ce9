"""Failpoints: a test can kill a process at the worst instant, between commit, publish and acknowledgement.

With `PUNKCAST_FAILPOINTS="after-commit:3"` the process sends itself SIGKILL when it passes `after-commit` for the third
time; commas separate several failpoints. Only `tests/chaos` sets the variable; unset, a failpoint does nothing. The
variable itself holds the remaining counts.

| name | state at that point |
|---|---|
| `before-commit` | effects are written, the transaction is not committed |
| `after-commit` | the transaction is committed, its message not acknowledged |
| `after-publish` | the broker has confirmed outbox rows, the rows are not deleted |
"""

import os
import signal
import sys

VARIABLE = "PUNKCAST_FAILPOINTS"


def passing(name: str) -> None:
    """Kill this process if the environment asks for it here.

    Raises:
        ValueError: the variable is not `name:count[,name:count…]`.
    """
    setting = os.environ.get(VARIABLE)
    if not setting:
        return
    left = {point: int(count) for point, _, count in (entry.partition(":") for entry in setting.split(","))}
    if name not in left:
        return
    left[name] -= 1
    os.environ[VARIABLE] = ",".join(f"{point}:{count}" for point, count in left.items())
    if left[name] == 0:
        sys.stderr.write(f"failpoint {name}: this process kills itself\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
