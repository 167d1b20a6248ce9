"""A TCP relay in front of PostgreSQL that a test can cut and mend: the server goes away and comes back."""

import asyncio
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit


class CuttableRelay:
    """Relays 127.0.0.1:`port` to the server of a URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parse_qs(parts.query).get("host", [parts.hostname or "127.0.0.1"])[0]
        self._server_port = parts.port or int(parse_qs(parts.query).get("port", ["5432"])[0])
        self._user = parts.username
        self._password = parts.password
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    def url(self, name: str) -> str:
        """The URL of database `name` by way of the relay."""
        user = self._user or "postgres"
        password = f":{self._password}" if self._password else ""
        return f"postgresql://{user}{password}@127.0.0.1:{self.port}/{name}?sslmode=disable"

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse new connections and break those that are open."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._host.startswith("/"):
            upstream = asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._server_port}")
        else:
            upstream = asyncio.open_connection(self._host, self._server_port)
        server_reader, server_writer = await upstream
        self._writers |= {writer, server_writer}
        for source, sink in ((reader, server_writer), (server_reader, writer)):
            task = asyncio.create_task(_pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
    sink.close()
