"""Where a webhook may lead: to the internet, not into the network that the platform runs in.

Each attempt resolves the name once, checks every address of it, and connects to one of these addresses. The name is not
resolved again, so its owner cannot change the address between check and connection (DNS rebinding).
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from shared.errors import InvalidInputError, TransientError

RESOLVE_TIMEOUT_S = 5.0


class ForbiddenAddressError(InvalidInputError):
    """The URL leads to an address that webhooks may not reach."""


class UnresolvedError(TransientError, ConnectionError):
    """The name has no address now."""


@dataclass(frozen=True)
class Target:
    """A host and port, and the address to connect to."""

    host: str
    port: int
    address: str


def check_url(url: str, *, private: bool) -> SplitResult:
    """Check a URL as far as possible without resolving its name, and return its parts.

    Args:
        private: http, a user and addresses of the own network are allowed (development, and URLs of the settings).

    Raises:
        ForbiddenAddressError: not https, a user in it, a port below 1, or an address that is not public.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ForbiddenAddressError("The url cannot be parsed.") from error
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise ForbiddenAddressError(f"The url must begin with https://{' or http://' if private else ''}.")
    if not host or port == 0 or parts.fragment or (parts.username is not None and not private):
        raise ForbiddenAddressError("The url needs a host, and must have no user, password or fragment.")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return parts
    if not private and not is_public(address):
        raise ForbiddenAddressError(f"{host} is not a public address.")
    return parts


async def resolve(url: str, *, private: bool) -> Target:
    """Return one address of the URL's host, if webhooks may reach every address of it.

    Raises:
        ForbiddenAddressError: as `check_url`, or one of its addresses is not public.
        UnresolvedError: the name does not resolve.
    """
    parts = check_url(url, private=private)
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnresolvedError(f"{parts.hostname} does not resolve") from error
    addresses = [entry[4][0] for entry in found]
    if not addresses:
        raise UnresolvedError(f"{parts.hostname} does not resolve")
    if not private and not all(is_public(ipaddress.ip_address(address)) for address in addresses):
        raise ForbiddenAddressError(f"{parts.hostname} resolves to an address that is not public")
    return Target(parts.hostname, port, str(addresses[0]))


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """True for a single host of the internet. An IPv6 address that embeds an IPv4 address is judged by the latter."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
