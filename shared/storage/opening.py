"""Opens the object store of a URL."""

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from shared.errors import InvalidInputError
from shared.storage.folder import FolderStore
from shared.storage.object_store import Listed, ObjectRef, ObjectStore
from shared.urls import redacted, split

_BOOLEAN = {"true": True, "false": False}


def open_store(url: str, home: Path) -> ObjectStore:
    """`folder://` (`home/objects`), `folder:///path`, or `s3://bucket/prefix?endpoint_url=…&region=…&create=true`.

    Opening makes no connection, so a service starts even if its object store is unavailable.

    Raises:
        InvalidInputError: the URL is neither.
    """
    parts = split(url, "PUNKCAST_OBJECT_STORE_URL")
    if parts.scheme == "folder" and not parts.netloc and not parts.query:
        return FolderStore(Path(unquote(parts.path)) if parts.path.strip("/") else home / "objects")
    if parts.scheme == "s3" and parts.netloc:
        return _s3(url)
    raise InvalidInputError(
        f"PUNKCAST_OBJECT_STORE_URL is {redacted(url)}: use folder://, folder:///absolute/path or s3://bucket/prefix"
    )


class DeferredStore:
    """Opens the object store on first use: some services never use it, and their images lack its client library."""

    def __init__(self, opening: Callable[[], ObjectStore]) -> None:
        self._opening = opening
        self._store: ObjectStore | None = None

    def _opened(self) -> ObjectStore:
        if self._store is None:
            self._store = self._opening()
        return self._store

    async def put(self, kind: str, body: bytes, *, extension: str) -> ObjectRef:
        return await self._opened().put(kind, body, extension=extension)

    async def get(self, reference: ObjectRef) -> bytes:
        return await self._opened().get(reference)

    async def exists(self, reference: ObjectRef) -> bool:
        return await self._opened().exists(reference)

    async def listing(self, kind: str) -> AsyncIterator[Listed]:
        async for listed in self._opened().listing(kind):
            yield listed

    async def delete(self, keys: Sequence[str]) -> None:
        await self._opened().delete(keys)

    async def close(self) -> None:
        if self._store is not None:
            await self._store.close()


def deferred_store(url: str, home: Path) -> ObjectStore:
    """As `open_store`, on first use: then it raises what `open_store` raises."""
    return DeferredStore(lambda: open_store(url, home))


def _s3(url: str) -> ObjectStore:
    from shared.storage.s3 import S3Store  # noqa: PLC0415 - the folder store needs no S3 client library

    parts = split(url, "PUNKCAST_OBJECT_STORE_URL")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    endpoint_url = options.pop("endpoint_url", None)
    region = options.pop("region", "us-east-1")
    create = _BOOLEAN.get(options.pop("create", "false"))
    if options or create is None or endpoint_url == "" or not region:
        raise InvalidInputError(
            f"PUNKCAST_OBJECT_STORE_URL is {redacted(url)}: "
            "the options are endpoint_url, region and create=true or false"
        )
    return S3Store(
        bucket=parts.netloc,
        prefix=unquote(parts.path),
        endpoint_url=endpoint_url,
        region=region,
        create_bucket=create,
    )
