"""Who asks: the address that limits count by, and the proxies that may name another than the connection's."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import InvalidInputError

_LONGEST = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")
_EVERYBODY = "0.0.0.0/0,::/0"


@lru_cache(maxsize=4096)
def client_of(host: str | None) -> str:
    """What counts as one client: an IPv4 address, or the /64 network of an IPv6 address, which is one customer.

    Not the API key: it is still unchecked, and an invented key for each request would be a new client each time.
    """
    address = parsed(host or "")
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address) if address else "unknown"


def client_in(scope: Scope) -> str:
    """The client of a request."""
    client = scope.get("client")
    return client_of(client[0] if client else None)


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address, also with a port; None when it is none. IPv4 within IPv6 is IPv4."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    # A zone is free text: each would be another address.
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


class Proxies:
    """The proxies whose word counts.

    Args:
        setting: addresses and networks, separated by commas; `*` is every address.

    Raises:
        InvalidInputError: a part of `setting` is neither address nor network.
    """

    def __init__(self, setting: str) -> None:
        parts = [part.strip() for part in setting.replace("*", _EVERYBODY).split(",") if part.strip()]
        try:
            self._networks = [ip_network(part, strict=False) for part in parts]
        except ValueError as error:
            raise InvalidInputError(f"PUNKCAST_TRUSTED_PROXIES: {error}") from error
        self.trust = lru_cache(maxsize=4096)(self._trust)

    def _trust(self, host: str) -> bool:
        address = parsed(host)
        return address is not None and any(address in network for network in self._networks)

    def named(self, peer: str, forwarded: str) -> str:
        """The client that the trusted `peer` names: the last address that no trusted proxy has.

        A text that is no address ends the search: whoever wrote it may have written what stands before it, too.
        """
        found = peer
        for text in reversed(forwarded.split(",")):
            address = parsed(text)
            if address is None:
                break
            found = str(address)
            if not self.trust(found):
                break
        return found


class NamedByProxies:
    """Puts the client and the scheme that a trusted proxy names into the scope, as pure ASGI middleware."""

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client and self._proxies.trust(client[0]):
            forwarded = []
            for name, value in scope["headers"]:
                if name == b"x-forwarded-for":
                    forwarded.append(value)
                elif name == b"x-forwarded-proto" and value in (b"http", b"https"):
                    scope["scheme"] = value.decode()
            if forwarded:
                scope["client"] = (self._proxies.named(client[0], b",".join(forwarded).decode("latin1")), 0)
        await self._app(scope, receive, send)
