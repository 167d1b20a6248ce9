"""An S3 API over HTTP (moto's server), with a bucket per test; and the folder store."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from shared.storage.folder import FolderStore
from shared.storage.object_store import ObjectStore


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """URL of the S3 API. Its credentials are in the environment while it runs."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.delenv("AWS_PROFILE", raising=False)
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture
def s3_url(s3_endpoint: str) -> str:
    """`s3://bucket?endpoint_url=…` of an empty bucket for this test."""
    bucket = f"punkcast-{uuid4().hex[:12]}"
    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")  # type: ignore[no-untyped-call]
    client.create_bucket(Bucket=bucket)
    return f"s3://{bucket}?endpoint_url={s3_endpoint}"


@pytest.fixture
def object_store(tmp_path: Path) -> ObjectStore:
    """An object store in a temporary folder."""
    return FolderStore(tmp_path / "objects")
