"""The connection to RabbitMQ: opened with retries, kept open by the client library, publishing with confirms."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aio_pika
import structlog
from aio_pika.abc import AbstractExchange, AbstractRobustChannel, AbstractRobustConnection, AbstractRobustExchange
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelPreconditionFailed, DeliveryError, PublishError

from shared.errors import ConflictError
from shared.messaging.amqp_layout import Layout
from shared.messaging.bus import BusUnavailableError, QueueFullError, UnroutableError, require_size

log = structlog.get_logger(__name__)

# The client library raises these when a connection or channel is lost, or the broker does not answer.
LOST = (*CONNECTION_EXCEPTIONS, TimeoutError)

_PUBLISH_TIMEOUT_S = 10.0
_HEARTBEAT_S = 20
RECONNECT_S = 1.0


@dataclass(frozen=True)
class Session:
    """An open connection with its publishing channel and the three exchanges."""

    connection: AbstractRobustConnection
    channel: AbstractRobustChannel
    events: AbstractRobustExchange
    retry: AbstractRobustExchange
    dead: AbstractRobustExchange


class Link:
    """One connection, opened on first use. The client library reconnects after that."""

    def __init__(self, url: str, layout: Layout) -> None:
        self._url = url
        self._layout = layout
        self._opening = asyncio.Lock()
        self._session: Session | None = None
        self._loss_logged = False

    @property
    def up(self) -> bool:
        session = self._session
        return session is not None and session.connection.connected.is_set() and not session.channel.is_closed

    async def session(self) -> Session:
        """The open session. Raises BusUnavailableError if the broker does not answer in time."""
        if self._session is not None:
            return self._session
        try:
            async with asyncio.timeout(_PUBLISH_TIMEOUT_S):
                return await self._open()
        except TimeoutError as error:
            raise BusUnavailableError("the broker does not answer") from error

    async def retry_until_available(self, act: Callable[[Session], Awaitable[None]]) -> None:
        """Run `act` on the broker; retry until the broker is available.

        Raises:
            ConflictError: a queue or exchange exists with other arguments.
        """
        while True:
            session = await self._open()
            try:
                await session.connection.ready()
                await session.channel.ready()
                return await act(session)
            except ChannelPreconditionFailed as error:
                raise ConflictError(
                    f"a queue or exchange with that name exists with other arguments ({error}); "
                    "delete it or choose another PUNKCAST_BROKER_PREFIX"
                ) from error
            except LOST as error:
                log.warning("lost the broker, retrying", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(RECONNECT_S)

    async def publish(self, exchange: AbstractExchange, message: aio_pika.Message, routing_key: str) -> None:
        """Publish and wait for the broker's confirmation.

        Raises:
            UnroutableError: no queue is bound to the key.
            TooLargeError: the body is too large for the broker.
            QueueFullError: a queue is at its limit.
            BusUnavailableError: no confirmation; the broker may still have the message.
        """
        require_size(message.body)
        try:
            async with asyncio.timeout(_PUBLISH_TIMEOUT_S):
                await exchange.publish(message, routing_key, mandatory=True)
        except PublishError as error:
            raise UnroutableError(
                f"no queue is bound to {routing_key!r} on {exchange.name}; declare the queues first"
            ) from error
        except DeliveryError as error:
            raise QueueFullError(f"a queue for {routing_key!r} on {exchange.name} is at its limit") from error
        except LOST as error:
            raise BusUnavailableError(f"no confirmation: {type(error).__name__}: {error}") from error

    async def close(self) -> None:
        if self._session is not None:
            with contextlib.suppress(*LOST):
                async with asyncio.timeout(5.0):
                    await self._session.connection.close()
            self._session = None

    async def _open(self) -> Session:
        async with self._opening:
            logged = False
            while self._session is None:
                try:
                    self._session = await self._connect()
                except LOST as error:
                    if not logged:
                        log.warning("waiting for the broker", reason=f"{type(error).__name__}: {error}")
                        logged = True
                    await asyncio.sleep(RECONNECT_S)
            return self._session

    async def _connect(self) -> Session:
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
        connection.close_callbacks.add(self._log_lost)
        connection.reconnect_callbacks.add(self._log_back)
        return Session(connection, channel, events, retry, dead)

    def _log_lost(self, _: object, error: BaseException | None) -> None:
        # The client library also calls this after every failed reconnect.
        if self._loss_logged or not isinstance(error, Exception):
            return
        self._loss_logged = True
        log.warning("lost the broker", reason=f"{type(error).__name__}: {error}")

    def _log_back(self, _: object) -> None:
        self._loss_logged = False
        log.info("the broker is back")
