"""Programs that the tests need and Debian packages."""

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest


def found_or_installed(find: Callable[[], str | None], package: str, *, remedy: str) -> str:
    """The path that `find` returns, after installing `package` with apt-get, as root, if necessary.

    Fails the test with `remedy` where that is impossible.
    """
    path = find()
    if path is not None:
        return path
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.fail(remedy, pytrace=False)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", package]):
        # Only the second result counts, because old package lists may suffice.
        done = subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    path = find()
    if path is None:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        pytest.fail(f"apt-get could not install {package} ({last}). {remedy}", pytrace=False)
    return path
