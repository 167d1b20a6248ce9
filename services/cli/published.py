"""Published values whose rows are no longer in the database, from the generation's file."""

from shared.database.pool import Connection
from shared.storage.object_store import ObjectStore
from shared.stores.generation_archive import read_lines
from shared.stores.snapshot_repository import archive_reference

VALUES_SHA256_SQL = "select values_sha256 from generations where generation_id = $1"


async def archived_lines(connection: Connection, store: ObjectStore, generation_id: int) -> bytes:
    """The canonical lines of a generation.

    Raises:
        NotFoundError: no such generation, or its file is not there (yet, or any more).
        StoreUnavailableError, IntegrityError: as `read_lines`.
    """
    reference = await archive_reference(connection, "generation", str(generation_id))
    return await read_lines(store, reference, await connection.fetchval(VALUES_SHA256_SQL, generation_id))
