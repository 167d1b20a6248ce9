"""One signed post to a receiver that may be slow, ill or hostile."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import aiodns
import httpx
from standardwebhooks import Webhook

from services.notifier.repository import DueDelivery
from shared.errors import TransientError
from shared.webhooks import CHALLENGE
from shared.webhooks.addresses import ForbiddenAddressError, Target, UnresolvedError, resolve

MOST_READ: Final = 4_096
"""Bytes of the answer to a challenge; other answers are not read."""


class UndeliveredError(TransientError):
    """The receiver did not answer (`answered` is None), or not with 2xx."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.answered = status


@dataclass(frozen=True)
class Answer:
    """What a receiver answered: a status of 200 to 299, and the beginning of the body."""

    status: int
    body: bytes


class Sender:
    """Keeps nothing of a post: no connection, because another host may share the address, and no cookie."""

    def __init__(self) -> None:
        self._names: aiodns.DNSResolver | None = None
        self._client = httpx.AsyncClient(
            timeout=None,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def post(self, due: DueDelivery, *, private: bool, at: datetime, within_s: float) -> Answer:
        """Post a delivery, signed for the attempt at `at` (UTC). A redirect is not followed.

        Args:
            within_s: for everything together: name, connection, TLS, request and answer.

        Raises:
            UndeliveredError: no answer in time, another status, or a forbidden address. The text names the host
                alone, because the path of a webhook may be a password.
        """
        try:
            async with asyncio.timeout(within_s):
                target = await resolve(due.url, private=private, lookup=self._lookup)
                return await self._send(due, target, at)
        except (ForbiddenAddressError, UnresolvedError) as error:
            raise UndeliveredError(str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            host = httpx.URL(due.url).host
            raise UndeliveredError(f"the webhook at {host} does not answer: {type(error).__name__}") from error

    async def close(self) -> None:
        """Before the event loop ends; another post opens again what it needs."""
        names, self._names = self._names, None
        if names is not None:
            await names.close()

    async def _lookup(self, name: str) -> Sequence[str]:
        """Not the system's lookup: it blocks a thread long after the deadline, and there are few threads."""
        self._names = self._names or aiodns.DNSResolver()
        try:
            found = await self._names.getaddrinfo(name, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            raise OSError(str(error)) from error
        return [node.addr[0].decode() for node in found.nodes]

    async def _send(self, due: DueDelivery, target: Target, at: datetime) -> Answer:
        url = httpx.URL(due.url)
        *others, last = target.addresses
        for address in others:
            try:
                return await self._send_to(address, due, url, target.host, at)
            except httpx.ConnectError:
                continue
        return await self._send_to(last, due, url, target.host, at)

    async def _send_to(self, address: str, due: DueDelivery, url: httpx.URL, host: str, at: datetime) -> Answer:
        """The connection goes to the address, while the certificate must be the host's."""
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            content=due.body.encode(),
            headers={
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",
                "Host": url.netloc.decode(),
                "webhook-id": str(due.delivery_id),
                "webhook-timestamp": str(int(at.timestamp())),
                "webhook-signature": Webhook(due.secret).sign(str(due.delivery_id), at, due.body),
            },
            extensions={"sni_hostname": host},
        )
        answer = await self._client.send(request, stream=True)
        body = b""
        try:
            if answer.is_success and due.event == CHALLENGE:
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) >= MOST_READ:
                        break
        finally:
            await answer.aclose()
        if not answer.is_success:
            raise UndeliveredError(f"the webhook at {url.host} answered {answer.status_code}", answer.status_code)
        return Answer(answer.status_code, body[:MOST_READ])
