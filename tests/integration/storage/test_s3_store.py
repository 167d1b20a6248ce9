"""Failures of an S3 API only: it may be unavailable, answer nonsense, or lack the bucket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from shared.errors import IntegrityError
from shared.storage.object_store import ObjectStore, StoreUnavailableError, reference_for
from shared.storage.opening import open_store
from tests.factories.tcp_line import TcpLine

REFERENCE = reference_for("models", b"x", "json")


async def fails_transiently(store: ObjectStore) -> None:
    for attempt in (
        store.put("models", b"x", extension="json"),
        store.get(REFERENCE),
        store.exists(REFERENCE),
    ):
        with pytest.raises(StoreUnavailableError, match="PUNKCAST_OBJECT_STORE_URL"):
            await attempt
    await store.close()


@asynccontextmanager
async def answering(response: bytes) -> AsyncIterator[str]:
    """URL of an HTTP server with the same answer to every request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_an_unavailable_store_may_be_retried(s3_endpoint: str, tmp_path: Path, unused_tcp_port: int) -> None:
    await fails_transiently(open_store(f"s3://bucket?endpoint_url=http://127.0.0.1:{unused_tcp_port}", tmp_path))


async def test_a_store_that_answers_503_may_be_retried(s3_endpoint: str, tmp_path: Path) -> None:
    refusal = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with answering(refusal) as endpoint:
        await fails_transiently(open_store(f"s3://bucket?endpoint_url={endpoint}", tmp_path))


async def test_a_truncated_answer_may_be_retried(s3_endpoint: str, tmp_path: Path) -> None:
    truncated = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: binary/octet-stream\r\n\r\nabc"
    async with answering(truncated) as endpoint:
        store = open_store(f"s3://bucket?endpoint_url={endpoint}", tmp_path)
        with pytest.raises(StoreUnavailableError):
            await store.get(REFERENCE)
        await store.close()


@pytest.mark.parametrize("length", [b"Content-Length: 3000000000\r\n", b""], ids=["announced", "unannounced"])
async def test_an_object_of_gigabytes_is_refused_before_it_is_read(
    s3_endpoint: str, tmp_path: Path, length: bytes
) -> None:
    """The body is as long as the reader lets it be."""
    sent = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + b"\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                sent += 65536

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    store = open_store(f"s3://bucket?endpoint_url={endpoint}", tmp_path)
    with pytest.raises(IntegrityError, match="restore it from a backup"):
        await store.get(REFERENCE)
    await store.close()
    server.close()
    assert sent < 50_000_000


async def test_a_missing_bucket_is_not_reported_as_a_missing_object(s3_endpoint: str, tmp_path: Path) -> None:
    store = open_store(f"s3://absent-{uuid4().hex[:8]}?endpoint_url={s3_endpoint}", tmp_path)
    with pytest.raises(StoreUnavailableError, match="bucket absent-"):
        await store.put("models", b"x", extension="json")
    with pytest.raises(StoreUnavailableError, match="bucket absent-"):
        await store.get(REFERENCE)
    await store.close()


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
async def test_the_bucket_is_created_on_request(s3_endpoint: str, tmp_path: Path, region: str) -> None:
    url = f"s3://made-{uuid4().hex[:8]}?endpoint_url={s3_endpoint}&region={region}&create=true"
    stores = [open_store(url, tmp_path) for _ in range(3)]
    await asyncio.gather(*(store.put("models", b"x", extension="json") for store in stores))
    assert await stores[0].get(REFERENCE) == b"x"
    for store in stores:
        await store.close()


async def test_a_store_that_comes_back_is_used_again(s3_endpoint: str, tmp_path: Path, unused_tcp_port: int) -> None:
    """It was unavailable when the bucket had to be created: the next try creates it."""
    line = TcpLine(s3_endpoint, unused_tcp_port)
    store = open_store(f"s3://late-{uuid4().hex[:8]}?endpoint_url={line.url}&create=true", tmp_path)
    with pytest.raises(StoreUnavailableError):
        await store.put("models", b"x", extension="json")
    await line.mend()
    reference = await store.put("models", b"x", extension="json")
    assert await store.get(reference) == b"x"
    await store.close()
    await line.cut()
