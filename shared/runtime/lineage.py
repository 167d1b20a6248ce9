"""The running code and its environment."""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path


@dataclass(frozen=True)
class Lineage:
    """A commit, whether the files differ from it, and a hash of the installed packages."""

    git_sha: str
    git_dirty: bool
    environment_hash: str

    @property
    def code(self) -> str:
        """The commit, with the suffix `-dirty` if files differ from it."""
        return f"{self.git_sha}-dirty" if self.git_dirty else self.git_sha


@cache
def current() -> Lineage:
    """The running commit (`PUNKCAST_GIT_SHA` in an image, else from git) and the installed packages.

    Outside a repository (an unpacked archive) a hash of the sources names the code.
    """
    packages = sorted({f"{d.metadata['Name'].lower()}=={d.version}" for d in distributions()})
    environment = hashlib.sha256("\n".join(packages).encode()).hexdigest()
    if image_sha := os.environ.get("PUNKCAST_GIT_SHA"):
        return Lineage(image_sha, False, environment)
    sha = _git("rev-parse", "HEAD")
    if sha is None:
        return Lineage(_sources(), False, environment)
    return Lineage(sha, bool(_git("status", "--porcelain")), environment)


def _sources() -> str:
    """`sources-` plus a hash of all Python files of `services` and `shared`, by path and content."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for file in sorted(path for part in ("services", "shared") for path in (root / part).rglob("*.py")):
        body = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(root).as_posix()} {body}\n".encode())
    return f"sources-{digest.hexdigest()[:40]}"


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
