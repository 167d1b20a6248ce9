"""The embedded server: processes share it, it survives their deaths, and it ends with the last one."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from shared.database import embedded_server
from shared.database.embedded import database_url, serve
from shared.database.embedded_server import EmbeddedDatabaseError, EmbeddedServer
from shared.errors import InvalidInputError
from shared.settings import Settings
from tests.factories.database import ask

ROOT = Path(__file__).parents[3]
Start = Callable[[], Awaitable[asyncio.subprocess.Process]]

# A process that uses the server until it reads a line or is killed.
USER = """
import asyncio, sys
from pathlib import Path
from shared.database.embedded import serve

async def main():
    async with serve(Path(sys.argv[1])) as url:
        print(url, flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """Not in pytest's own folder: started by root, the server runs as a user who may not enter that."""
    home = Path(tempfile.mkdtemp(prefix="punkcast-embedded-"))
    home.chmod(0o711)
    yield home / "postgres"
    shutil.rmtree(home)


@pytest.fixture
async def another_process(data: Path) -> AsyncIterator[Start]:
    """Starts a process and returns once it uses the server."""
    started: list[asyncio.subprocess.Process] = []

    async def start() -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-c", USER, str(data))
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line.startswith(b"postgresql://"), line
        return process

    yield start
    for process in started:
        if process.returncode is None:
            await dies(process)
    async with serve(data):  # the last user stops the server, also after a failed test
        pass


async def leaves(process: asyncio.subprocess.Process) -> None:
    await process.communicate(b"\n")
    assert process.returncode == 0


async def dies(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.communicate()


def postmaster(data: Path) -> int | None:
    """Its process number while it runs."""
    try:
        number = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(number, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return number


async def works(data: Path) -> None:
    async with serve(data) as url:
        assert await ask(url, "select 1") == 1


async def refused(data: Path, match: str) -> None:
    with pytest.raises(EmbeddedDatabaseError, match=match):
        await works(data)


async def test_it_runs_while_used_and_keeps_its_data(data: Path) -> None:
    async with serve(data) as url:
        await ask(url, "create table kept as select 7 as n")
        assert postmaster(data)
    assert postmaster(data) is None
    async with serve(data) as url:
        assert await ask(url, "select n from kept") == 7


async def test_its_settings_prevent_corruption_and_network_access(data: Path) -> None:
    expected = {
        "synchronous_commit": "off", "fsync": "on", "full_page_writes": "on", "timezone": "UTC", "listen_addresses": "",
    }  # fmt: skip
    async with serve(data) as url:
        assert {name: await ask(url, f"show {name}") for name in expected} == expected
        socket = EmbeddedServer.on(data, {}).socket_folder
        assert socket.stat().st_mode & 0o077 == 0


async def test_the_starter_may_choose_other_settings(data: Path) -> None:
    async with serve(data, configuration={"fsync": "off", "application_name": "it's"}) as url:
        assert await ask(url, "show fsync") == "off"
        assert await ask(url, "select boot_val is distinct from reset_val from pg_settings where name = 'fsync'")


async def test_cancelling_during_the_start_stops_it(data: Path) -> None:
    async def use() -> None:
        async with serve(data):
            pytest.fail("was cancelled before it was up")

    task = asyncio.create_task(use())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (data / "PG_VERSION").exists()
    assert postmaster(data) is None


async def test_several_users_in_one_process_share_it(data: Path) -> None:
    async with serve(data) as first:
        number = postmaster(data)
        async with serve(data) as second:
            assert first == second
        assert postmaster(data) == number
        assert await ask(first, "select 1") == 1


async def test_several_processes_share_it_and_the_last_stops_it(data: Path, another_process: Start) -> None:
    processes = await asyncio.gather(*(another_process() for _ in range(3)))
    number = postmaster(data)
    assert number is not None
    await leaves(processes[0])
    await leaves(processes[2])
    assert postmaster(data) == number
    await leaves(processes[1])
    assert postmaster(data) is None


async def test_a_killed_user_neither_stops_it_nor_keeps_it_running(data: Path, another_process: Start) -> None:
    starter = await another_process()
    async with serve(data) as url:
        number = postmaster(data)
        await dies(starter)
        assert await ask(url, "select 1") == 1
        assert postmaster(data) == number
    assert postmaster(data) is None


async def test_a_server_left_behind_is_joined_and_then_stopped(data: Path, another_process: Start) -> None:
    await dies(await another_process())
    left_behind = postmaster(data)
    assert left_behind is not None
    async with serve(data) as url:
        assert await ask(url, "select 1") == 1
        assert postmaster(data) == left_behind
    assert postmaster(data) is None


async def test_a_killed_server_recovers(data: Path, another_process: Start) -> None:
    starter = await another_process()
    number = postmaster(data)
    assert number is not None
    os.kill(number, signal.SIGKILL)
    await dies(starter)
    async with serve(data) as url:
        assert await ask(url, "select 1") == 1
        assert postmaster(data) != number


async def test_a_stale_process_id_of_another_process_is_ignored(data: Path) -> None:
    async with serve(data):
        lines = (data / "postmaster.pid").read_text().splitlines()
    (data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    await works(data)


async def test_a_half_made_folder_is_replaced(data: Path) -> None:
    half = data.with_name("postgres.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    await works(data)
    assert not half.exists()


async def test_a_folder_too_deep_for_a_socket_works(data: Path) -> None:
    deep = data.parent / ("a" * 60) / ("with space and 'quote'" * 3) / "postgres"
    socket_folder = EmbeddedServer.on(deep, {}).socket_folder
    assert socket_folder != deep
    await works(deep)
    assert postmaster(deep) is None
    shutil.rmtree(socket_folder)


async def test_a_socket_folder_made_by_somebody_else_is_refused(data: Path) -> None:
    deep = data.parent / ("a" * 120) / "postgres"
    folder = EmbeddedServer.on(deep, {}).socket_folder
    elsewhere = data.parent / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)
    try:
        await refused(deep, "somebody else")
    finally:
        folder.unlink()
    assert list(elsewhere.iterdir()) == []


async def test_data_of_another_version_is_refused_and_left_alone(data: Path) -> None:
    async with serve(data):
        pass
    (data / "PG_VERSION").write_text("16\n")
    await refused(data, r"PostgreSQL 16.*move the folder away")
    assert (data / "base").is_dir()


async def test_a_folder_of_something_else_is_refused_and_left_alone(data: Path) -> None:
    data.mkdir()
    (data / "thesis.txt").write_text("years of work")
    await refused(data, "holds no database")
    assert (data / "thesis.txt").read_text() == "years of work"


async def test_without_the_binaries_the_error_names_the_package(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_server.importlib.util, "find_spec", lambda name: None)
    await refused(data, r"punkcast\[embedded\].*PUNKCAST_DATABASE_URL")


async def test_the_settings_choose_the_folder(data: Path) -> None:
    home = data.parent
    for setting in ("embedded://", f"embedded://{home}/elsewhere"):
        async with database_url(Settings(home=home, database_url=setting)) as url:
            assert await ask(url, "select 1") == 1
    assert (home / "postgres" / "PG_VERSION").exists()
    assert (home / "elsewhere" / "PG_VERSION").exists()


async def test_the_url_of_an_external_server_is_unchanged() -> None:
    given = "postgresql://someone@db.example/punkcast?sslmode=require"
    async with database_url(Settings(database_url=given)) as url:
        assert url == given


@pytest.mark.parametrize("setting", ["", "sqlite:///x", "embedded://relative/path", "embedded://?fsync=off"])
async def test_any_other_setting_is_refused(setting: str) -> None:
    with pytest.raises(InvalidInputError, match=r"PUNKCAST_DATABASE_URL|embedded:///absolute"):
        async with database_url(Settings(database_url=setting)):
            pass
