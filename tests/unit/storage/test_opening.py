from pathlib import Path

import pytest

from shared.errors import InvalidInputError
from shared.storage.folder import FolderStore
from shared.storage.opening import open_store
from shared.storage.s3 import S3Store


@pytest.mark.parametrize(("path", "folder"), [("", "home/objects"), ("{there}/with%20space", "with space")])
async def test_a_folder_is_the_one_named_or_lies_under_home(tmp_path: Path, path: str, folder: str) -> None:
    store = open_store(f"folder://{path.format(there=tmp_path)}", tmp_path / "home")
    assert isinstance(store, FolderStore)
    reference = await store.put("notes", b"here", extension="txt")
    assert (tmp_path / folder / reference.key).read_bytes() == b"here"


def test_s3_takes_its_options_without_contacting_anyone(tmp_path: Path) -> None:
    url = "s3://bucket/some/prefix?endpoint_url=http://127.0.0.1:9&region=eu-west-1&create=true"
    assert isinstance(open_store(url, tmp_path), S3Store)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "objects",
        "file:///objects",
        "folder://relative/path",
        "folder:///path?create=true",
        "s3:///prefix",
        *(
            f"s3://bucket?{wrong}"
            for wrong in ("endpoint=http://127.0.0.1:9", "endpoint_url=", "create=yes", "region=")
        ),
    ],
)
def test_any_other_url_is_refused_with_the_setting_to_change(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="PUNKCAST_OBJECT_STORE_URL"):
        open_store(url, tmp_path)
