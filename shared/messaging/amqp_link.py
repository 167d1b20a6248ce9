"""The connection to RabbitMQ: found patiently, kept by the client library, published through with confirms."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aio_pika
import structlog
from aio_pika.abc import AbstractRobustChannel, AbstractRobustConnection, AbstractRobustExchange
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelPreconditionFailed, PublishError

from shared.errors import ConflictError
from shared.messaging.amqp_layout import Layout
from shared.messaging.bus import BusUnavailableError, UnroutableError

log = structlog.get_logger(__name__)

# What the client raises when the connection or channel is gone, or the broker does not answer.
LOST = (*CONNECTION_EXCEPTIONS, TimeoutError)

_PUBLISH_TIMEOUT_S = 10.0
_HEARTBEAT_S = 20
RECONNECT_S = 1.0


@dataclass(frozen=True)
class Lines:
    """An open connection: the publishing channel and the three exchanges on it."""

    connection: AbstractRobustConnection
    channel: AbstractRobustChannel
    events: AbstractRobustExchange
    retry: AbstractRobustExchange
    dead: AbstractRobustExchange


class Link:
    """One connection, opened on first use; after that the client library reconnects by itself."""

    def __init__(self, url: str, layout: Layout) -> None:
        self._url = url
        self._layout = layout
        self._opening = asyncio.Lock()
        self._lines: Lines | None = None
        self._told_lost = False

    @property
    def up(self) -> bool:
        lines = self._lines
        return lines is not None and lines.connection.connected.is_set() and not lines.channel.is_closed

    async def reach(self) -> Lines:
        """The open connection, or BusUnavailableError when the broker cannot be reached soon."""
        if self._lines is not None:
            return self._lines
        try:
            async with asyncio.timeout(_PUBLISH_TIMEOUT_S):
                return await self._open()
        except TimeoutError as error:
            raise BusUnavailableError("the broker does not answer") from error

    async def patiently(self, act: Callable[[Lines], Awaitable[None]]) -> None:
        """Do something on the broker, waiting for it to come (back) as long as it takes.

        Raises:
            ConflictError: a queue or exchange of ours exists with other arguments.
        """
        while True:
            lines = await self._open()
            try:
                await lines.connection.ready()
                await lines.channel.ready()
                return await act(lines)
            except ChannelPreconditionFailed as error:
                raise ConflictError(
                    f"the broker has a queue or exchange of that name with other arguments ({error}); "
                    "delete it or choose another PUNKCAST_BROKER_PREFIX"
                ) from error
            except LOST as error:
                log.warning("the broker went away, trying again", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(RECONNECT_S)

    async def confirmed(self, exchange: AbstractRobustExchange, message: aio_pika.Message, routing_key: str) -> None:
        """Publish and wait until the broker has taken responsibility.

        Raises:
            UnroutableError: no queue is bound to the key.
            BusUnavailableError: no confirmation; the broker may have the message nevertheless.
        """
        try:
            async with asyncio.timeout(_PUBLISH_TIMEOUT_S):
                await exchange.publish(message, routing_key, mandatory=True)
        except PublishError as error:
            raise UnroutableError(
                f"no queue is bound to {routing_key!r} on {exchange.name}; declare the queues first"
            ) from error
        except LOST as error:
            raise BusUnavailableError(f"no confirmation: {type(error).__name__}: {error}") from error

    async def close(self) -> None:
        if self._lines is not None:
            with contextlib.suppress(*LOST):
                async with asyncio.timeout(5.0):
                    await self._lines.connection.close()
            self._lines = None

    async def _open(self) -> Lines:
        async with self._opening:
            told = False
            while self._lines is None:
                try:
                    self._lines = await self._connect()
                except LOST as error:
                    if not told:
                        log.warning("waiting for the broker", reason=f"{type(error).__name__}: {error}")
                        told = True
                    await asyncio.sleep(RECONNECT_S)
            return self._lines

    async def _connect(self) -> Lines:
        connection = await aio_pika.connect_robust(
            self._url,
            timeout=10,
            heartbeat=_HEARTBEAT_S,
            reconnect_interval=RECONNECT_S,
            client_properties={"connection_name": self._layout.prefix},
        )
        try:
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            assert isinstance(channel, AbstractRobustChannel)
            events, retry, dead = await self._layout.exchanges(channel)
        except BaseException:
            await connection.close()
            raise
        connection.close_callbacks.add(self._say_lost)
        connection.reconnect_callbacks.add(self._say_back)
        return Lines(connection, channel, events, retry, dead)

    def _say_lost(self, _: object, error: BaseException | None) -> None:
        # The client calls this for every failed attempt to reconnect, too.
        if self._told_lost or not isinstance(error, Exception):
            return
        self._told_lost = True
        log.warning("lost the broker", reason=f"{type(error).__name__}: {error}")

    def _say_back(self, _: object) -> None:
        self._told_lost = False
        log.info("the broker is back")
