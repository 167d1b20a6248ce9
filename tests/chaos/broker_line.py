"""A TCP line to the broker that can be cut and mended, so that an outage concerns nobody else on that broker."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class BrokerLine:
    """Carries 127.0.0.1:`port` to the host and port of an AMQP URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "amqp":
            raise ValueError("the chaos run needs an amqp:// broker: its line could not keep a TLS host name")
        self._parts = parts
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def url(self) -> str:
        """The broker's URL by way of this line."""
        login, _, _ = self._parts.netloc.rpartition("@")
        return urlunsplit(self._parts._replace(netloc=f"{login}@127.0.0.1:{self._port}" if login else self._host))

    @property
    def _host(self) -> str:
        return f"127.0.0.1:{self._port}"

    async def mend(self) -> None:
        """Accept connections (again, on the same port)."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> int:
        """Break every connection, refuse new ones; returns how many were broken."""
        assert self._server is not None
        self._server.close()
        broken = len(self._writers) // 2
        for writer in list(self._writers):
            writer.transport.abort()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        return broken

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection(
            self._parts.hostname or "127.0.0.1", self._parts.port or 5672
        )
        for source, sink in ((reader, broker_writer), (broker_reader, writer)):
            self._writers.add(sink)
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while chunk := await source.read(65536):
                    sink.write(chunk)
                    await sink.drain()
        finally:
            self._writers.discard(sink)
            sink.close()
