"""Temporary folders for servers.

They are not below pytest's tmp_path: for root, a server runs as another user, who may not enter that.
"""

import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
PLENTY_BYTES = 8 << 30


def server_folder(prefix: str) -> Path:
    """An empty folder, in memory where there is plenty of it: a database is copied there in a tenth of the time."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > PLENTY_BYTES
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if in_memory else None))
