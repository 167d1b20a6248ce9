from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.market.event_rows import event_rows, with_value

ASKING_THE_DATABASE = ("status", "migrate", "models list", "keys list", "decisions")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings whose database nobody listens at."""
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("PUNKCAST_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("command", "settings", "words"),
    [
        ("import /no/such/place", {}, "/no/such/place: there is no such file or directory"),
        ("import /no/such/place --market 0x1", {}, "--market '0x1': expected an address, 0x and 40 hexadecimal digits"),
        ("backfill", {}, "set PUNKCAST_SOURCE_URL to ethereum+https://host/path"),
        ("backfill", {"SOURCE_URL": "ethereum://?confirmations=3"}, "set PUNKCAST_RPC_URLS"),
        ("demo --exit", {"SOURCE_URL": "ethereum+https://node.example"}, "run `punkcast backfill`, then `serve`"),
        ("status", {"API_PORT": "eight thousand"}, "setting PUNKCAST_API_PORT: Input should be a valid integer"),
        ("training request --reason=\t", {}, "reason: "),
        *((command, {}, "Connect call failed ('127.0.0.1', 1)") for command in ASKING_THE_DATABASE),
    ],
)
def test_a_command_that_cannot_do_its_work_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str], command: str, settings: dict[str, str], words: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"PUNKCAST_{name}", value)
    assert words in refused(*command.split(" "))


def test_a_bad_row_is_reported_before_an_embedded_database_is_made(
    monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", "embedded://")
    file = tmp_path / "events.parquet"
    with_value(event_rows(), 4, "punk_id", 10_000).write_parquet(file)
    message = f"{file}: row 5: column 'punk_id' must be a punk from 0 to 9999 (found 10000)"
    assert refused("import", str(tmp_path)) == message
    assert not (tmp_path / "home").exists()


def test_an_unreachable_database_is_reported_before_the_files_are_read(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "events.parquet").write_bytes(b"no Parquet")
    assert "Connect call failed ('127.0.0.1', 1)" in refused("import", str(tmp_path))
