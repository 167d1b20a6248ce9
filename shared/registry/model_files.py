"""Model files: what their signatures say, and the only way to read one.

Not in `models.py`: the gateway reads the registry and has no library for signatures.
"""

from collections.abc import Iterable, Sequence

from shared.errors import UnsupportedModelError
from shared.registry.models import ModelRecord, artifact
from shared.signing.notes import SignatureError, SigningKey, VerifierKey, opened, sign
from shared.storage.object_store import ObjectStore

_STATEMENT = "punkcast model v1\n"
"""First line of what is signed. The first line of a checkpoint is an origin, which has no spaces."""


class UnsignedModelError(UnsupportedModelError):
    """No key of `PUNKCAST_TRUSTED_KEYS` signed the model's file."""


def statement(model_id: str, artifact_sha256: str) -> str:
    """What is signed: that this file is this model."""
    return f"{_STATEMENT}{model_id}\n{artifact_sha256}\n"


def signatures(model_id: str, artifact_sha256: str, keys: Iterable[SigningKey]) -> tuple[str, ...]:
    """A signed note of each key about a model's file."""
    return tuple(sign(statement(model_id, artifact_sha256), [key]) for key in keys)


async def read(store: ObjectStore, record: ModelRecord, *, trusted: Sequence[VerifierKey]) -> bytes:
    """The model's file.

    Args:
        trusted: one of these keys has to have signed the file. Without keys, signatures are not asked for.

    Raises:
        UnsignedModelError: none of them did.
        IntegrityError: the file is damaged. NotFoundError: it is lost. TransientError: the store is down.
    """
    require_signed(record, trusted)
    return await store.get(artifact(record))


def require_signed(record: ModelRecord, trusted: Sequence[VerifierKey]) -> None:
    """Raises UnsignedModelError: none of the keys signed the model's file. Without keys, every model passes."""
    if trusted and not any(_says(note, record, trusted) for note in record.signatures):
        raise UnsignedModelError(
            f"no key of PUNKCAST_TRUSTED_KEYS signed the file of {record.model_id}; if you know where the file comes "
            f"from, sign it with `punkcast models sign {record.model_id}`"
        )


def _says(note: str, record: ModelRecord, trusted: Sequence[VerifierKey]) -> bool:
    try:
        return opened(note, trusted) == statement(record.model_id, record.artifact_sha256)
    except SignatureError:
        return False
