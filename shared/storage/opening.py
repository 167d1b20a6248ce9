"""The object store that a URL names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from shared.errors import InvalidInputError
from shared.storage.folder import FolderStore
from shared.storage.object_store import ObjectStore


def open_store(url: str, home: Path) -> ObjectStore:
    """`folder://` (under `home`), `folder:///path`, or `s3://bucket/prefix?endpoint_url=…&region=…&create=true`.

    Raises:
        InvalidInputError: an unknown scheme or option.
    """
    parts = urlsplit(url)
    if parts.scheme == "folder":
        return FolderStore(Path(parts.path) if parts.path else home / "objects")
    if parts.scheme == "s3":
        from shared.storage.s3 import S3Store  # noqa: PLC0415 - the folder store works without its client library

        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        unknown = set(options) - {"endpoint_url", "region", "create"}
        if unknown or not parts.netloc:
            raise InvalidInputError(
                f"PUNKCAST_OBJECT_STORE_URL={url!r}: s3://bucket/prefix with endpoint_url, region, create and nothing else"
            )
        return S3Store(
            bucket=parts.netloc,
            prefix=parts.path,
            endpoint_url=options.get("endpoint_url"),
            region=options.get("region", "us-east-1"),
            create_bucket=options.get("create", "false").lower() == "true",
        )
    raise InvalidInputError(f"PUNKCAST_OBJECT_STORE_URL={url!r}: use folder:// or s3://bucket/prefix")
