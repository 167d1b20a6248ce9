"""Objects in any S3 API (SeaweedFS, Ceph, AWS). Credentials come from the `AWS_*` environment."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import aiohttp
from aioboto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.storage.object_store import (
    Listed,
    ObjectNotFoundError,
    ObjectRef,
    StoreUnavailableError,
    most_read,
    reference_for,
    refuse_excess,
    verify,
)

_MISSING = {"NoSuchKey", "404", "NotFound"}
_TAKEN = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}
_DEFAULT_REGION = "us-east-1"
_DELETED_AT_ONCE = 1000  # S3's limit of one request
_CHUNK = 1 << 20


class S3Store:
    """Objects under `prefix` of one bucket. Connects on first use."""

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        region: str = _DEFAULT_REGION,
        create_bucket: bool = False,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._endpoint_url = endpoint_url
        self._region = region
        self._create_bucket = create_bucket
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def put(self, kind: str, body: bytes, *, extension: str) -> ObjectRef:
        # Write even if the key exists: the bytes are the same, and a rewrite repairs a damaged object.
        reference = reference_for(kind, body, extension)
        client = await self._connected()
        with self._translated(reference):
            await client.put_object(Bucket=self._bucket, Key=self._prefix + reference.key, Body=body)
        return reference

    async def get(self, reference: ObjectRef) -> bytes:
        client = await self._connected()
        with self._translated(reference):
            answer = await client.get_object(Bucket=self._bucket, Key=self._prefix + reference.key)
            stream = answer["Body"]
            async with stream:
                refuse_excess(reference, answer.get("ContentLength") or 0)
                body = bytearray()
                # Also where the store sends more than it said.
                while chunk := await stream.read(min(_CHUNK, most_read(reference) - len(body))):
                    body += chunk
        return verify(reference, bytes(body))

    async def exists(self, reference: ObjectRef) -> bool:
        client = await self._connected()
        try:
            with self._translated(reference):
                answer = await client.head_object(Bucket=self._bucket, Key=self._prefix + reference.key)
        except ObjectNotFoundError:
            return False
        return bool(answer["ContentLength"] == reference.size)

    async def listing(self, kind: str) -> AsyncIterator[Listed]:
        client = await self._connected()
        with self._translated(None):
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}{kind}/"
            )
            async for page in pages:
                for found in page.get("Contents", ()):
                    key = found["Key"].removeprefix(self._prefix)
                    yield Listed(key, found["Size"], found["LastModified"])

    async def delete(self, keys: Sequence[str]) -> None:
        client = await self._connected()
        for first in range(0, len(keys), _DELETED_AT_ONCE):
            objects = [{"Key": self._prefix + key} for key in keys[first : first + _DELETED_AT_ONCE]]
            with self._translated(None):
                answer = await client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            if refused := answer.get("Errors"):
                raise StoreUnavailableError(
                    f"bucket {self._bucket} keeps {len(refused)} objects that were to be removed: "
                    f"{refused[0].get('Message')}; check the rights of the AWS_* credentials"
                )

    async def close(self) -> None:
        await self._stack.aclose()
        self._client = None

    async def _connected(self) -> Any:
        async with self._opening:
            if self._client is None:
                async with AsyncExitStack() as opening:
                    client = await opening.enter_async_context(self._open())
                    if self._create_bucket:
                        await self._ensure_bucket(client)
                    self._stack = opening.pop_all()
                self._client = client
            return self._client

    def _open(self) -> Any:
        # Other vendors' stores support neither the newer checksums nor bucket names as hosts.
        config = Config(
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 3, "mode": "standard"},
            connect_timeout=3,
            read_timeout=6,
        )
        return Session().client("s3", endpoint_url=self._endpoint_url, region_name=self._region, config=config)

    async def _ensure_bucket(self, client: Any) -> None:
        # S3 refuses its default region as a location constraint.
        configuration = {"LocationConstraint": self._region}
        location = {} if self._region == _DEFAULT_REGION else {"CreateBucketConfiguration": configuration}
        with self._translated(None):
            try:
                await client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if _code(error) not in {*_MISSING, "NoSuchBucket"}:
                    raise
                try:
                    await client.create_bucket(Bucket=self._bucket, **location)
                except ClientError as refused:
                    if _code(refused) not in _TAKEN:  # another process has created it
                        raise

    @contextmanager
    def _translated(self, reference: ObjectRef | None) -> Iterator[None]:
        """Translate errors of the client library into those of the protocol."""
        try:
            yield
        except (ClientError, BotoCoreError, aiohttp.ClientError, OSError) as error:
            if reference is not None and isinstance(error, ClientError) and _code(error) in _MISSING:
                raise ObjectNotFoundError(f"no object {reference.key} in bucket {self._bucket}") from error
            raise StoreUnavailableError(
                f"object store {self._endpoint_url or 'S3'}, bucket {self._bucket}: {error}; check that it runs, "
                "PUNKCAST_OBJECT_STORE_URL and the AWS_* credentials"
            ) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
