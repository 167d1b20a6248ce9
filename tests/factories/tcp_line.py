"""A TCP line to a server that a test can cut and mend, so that an outage affects nobody else on that server."""

import asyncio
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit, urlunsplit


class TcpLine:
    """Forwards 127.0.0.1:`port` to the server of a URL. Cut at first.

    Args:
        port: the local port; 0 picks a free one at the first `mend`.
    """

    def __init__(self, target: str, port: int = 0) -> None:
        self._target = urlsplit(target)
        self._sockets = parse_qs(self._target.query).get("host", [""])[0]
        self._port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The target's URL by way of this line."""
        login, at, _ = self._target.netloc.rpartition("@")
        query = "" if self._sockets else self._target.query
        return urlunsplit(self._target._replace(netloc=f"{login}{at}127.0.0.1:{self._port}", query=query))

    async def mend(self) -> None:
        """Accept connections on the same port as before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> int:
        """Break every connection and refuse new ones. Returns the number of broken connections."""
        self._server.close()
        broken = len(self._writers) // 2
        for writer in list(self._writers):
            writer.transport.abort()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        return broken

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._target_opened()
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self._writers.add(sink)
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _target_opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._sockets:  # of PostgreSQL
            return await asyncio.open_unix_connection(f"{self._sockets}/.s.PGSQL.{self._target.port or 5432}")
        assert self._target.hostname and self._target.port, "the URL of a line needs host and port"
        return await asyncio.open_connection(self._target.hostname, self._target.port)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while chunk := await source.read(65536):
                    sink.write(chunk)
                    await sink.drain()
        finally:
            self._writers.discard(sink)
            sink.close()
