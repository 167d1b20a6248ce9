"""What a backup holds, so that a restore can prove that nothing is missing."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import InvalidInputError, NotFoundError, problems
from shared.storage.object_store import ObjectRef

NAME = "manifest.json"
DUMP = "database.dump"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Object(_Part):
    key: str
    sha256: str
    size: int

    @property
    def reference(self) -> ObjectRef:
        return ObjectRef(self.key, self.sha256, self.size)


class Manifest(_Part):
    """`rows`: of each table. `missing`: objects that the store had lost when the backup was made."""

    made_at: datetime
    server_version: str
    dump_sha256: str
    dump_bytes: int
    rows: dict[str, int]
    objects: list[Object]
    missing: list[str]


def newest(folder: Path) -> Path:
    """The newest backup in `folder`, or `folder` itself if it is one backup.

    Raises:
        NotFoundError: there is none.
    """
    if (folder / NAME).exists():
        return folder
    made = sorted(path.parent for path in folder.glob(f"*/{NAME}"))
    if not made:
        raise NotFoundError(f"{folder} holds no backup: no folder in it has a {NAME}")
    return made[-1]


def read(backup: Path) -> Manifest:
    """Raises InvalidInputError: the manifest is damaged."""
    try:
        return Manifest.model_validate_json((backup / NAME).read_bytes())
    except ValidationError as error:
        raise InvalidInputError(f"{backup / NAME}: {problems(error)}") from error
