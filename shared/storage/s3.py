"""Objects in any S3 API (SeaweedFS, Ceph, AWS)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import aioboto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import TransientError
from shared.storage.object_store import ObjectNotFoundError, ObjectRef, reference_for, verify

MISSING = {"NoSuchKey", "404", "NotFound"}


class S3Store:
    """Objects under `prefix` of one bucket."""

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        region: str = "us-east-1",
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
        reference = reference_for(kind, body, extension)
        if not await self.exists(reference):
            client = await self._connected()
            try:
                await client.put_object(Bucket=self._bucket, Key=self._prefix + reference.key, Body=body)
            except (ClientError, BotoCoreError) as error:
                raise self._away(error) from error
        return reference

    async def get(self, reference: ObjectRef) -> bytes:
        client = await self._connected()
        try:
            answer = await client.get_object(Bucket=self._bucket, Key=self._prefix + reference.key)
            body: bytes = await answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                raise ObjectNotFoundError(f"no object {reference.key} in bucket {self._bucket}") from error
            raise self._away(error) from error
        except BotoCoreError as error:
            raise self._away(error) from error
        return verify(reference, body)

    async def exists(self, reference: ObjectRef) -> bool:
        client = await self._connected()
        try:
            await client.head_object(Bucket=self._bucket, Key=self._prefix + reference.key)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return False
            raise self._away(error) from error
        except BotoCoreError as error:
            raise self._away(error) from error
        return True

    async def close(self) -> None:
        await self._stack.aclose()
        self._client = None

    async def _connected(self) -> Any:
        async with self._opening:
            if self._client is None:
                self._client = await self._stack.enter_async_context(self._open())
                if self._create_bucket:
                    await self._ensure_bucket()
            return self._client

    def _open(self) -> Any:
        # Stores that are not Amazon's know neither the newer checksums nor bucket names as hosts.
        config = Config(
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
            retries={"max_attempts": 3, "mode": "standard"},
            connect_timeout=3,
            read_timeout=20,
        )
        return aioboto3.Session().client(
            "s3", endpoint_url=self._endpoint_url, region_name=self._region, config=config
        )

    async def _ensure_bucket(self) -> None:
        try:
            await self._client.head_bucket(Bucket=self._bucket)
        except ClientError:
            try:
                await self._client.create_bucket(Bucket=self._bucket)
            except (ClientError, BotoCoreError) as error:
                raise self._away(error) from error
        except BotoCoreError as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> TransientError:
        return TransientError(
            f"object store {self._endpoint_url or 'S3'}, bucket {self._bucket}: {error}; check "
            "PUNKCAST_OBJECT_STORE_URL and the AWS_* credentials"
        )
