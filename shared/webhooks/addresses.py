"""Where a webhook may lead: to the internet, not into the network that the platform runs in.

Each attempt resolves the name once, checks every address of it, and connects to these addresses alone. The name is not
resolved again, so its owner cannot change the address between check and connection (DNS rebinding).
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from shared.errors import InvalidInputError, TransientError

PORTS: Final = (443, 8443)
"""No other service of a stranger can be reached by a webhook of a key."""
Lookup: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a name. Raises OSError or UnicodeError if there are none."""
IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# The special-purpose registries of IANA (RFC 6890), and what is not for single hosts. The list is our own because
# `is_global` differs between patch releases of Python 3.11.
# https://www.iana.org/assignments/iana-ipv4-special-registry
SPECIAL_V4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# All unicast addresses of the internet. Special ranges outside, also those that embed IPv4 addresses, need no entry.
# https://www.iana.org/assignments/ipv6-address-space
GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry; 2001::/23 has Teredo, 2002::/16 is 6to4.
SPECIAL_V6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""The way to IPv4 from a network that has IPv6 only; the last 32 bits are the IPv4 address."""


class ForbiddenAddressError(InvalidInputError):
    """The URL leads to an address that webhooks may not reach."""


class UnresolvedError(TransientError, ConnectionError):
    """The name has no address now."""


@dataclass(frozen=True)
class Target:
    """A host and port, and the addresses to connect to, in this order."""

    host: str
    port: int
    addresses: Sequence[str]


def check_url(url: str, *, private: bool) -> SplitResult:
    """Check a URL as far as possible without resolving its name, and return its parts.

    Args:
        private: http, a user, any port and addresses of the own network are allowed (development, and URLs of the
            settings).

    Raises:
        ForbiddenAddressError: not https, a user or a control character in it, another port than 443 or 8443, or an
            address that is not public.
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
    if re.search(r"[\x00-\x20\x7f-\x9f\\]", url):
        raise ForbiddenAddressError("The url must have no space, control character or backslash.")
    if not private and not host.isascii():
        raise ForbiddenAddressError("The host must be in ASCII; an international name begins with xn--.")
    if not private and port not in (None, *PORTS):
        raise ForbiddenAddressError(f"The port of the url must be {PORTS[0]} or {PORTS[1]}.")
    address = _address(host)
    if address is not None and not private and not is_public(address):
        raise ForbiddenAddressError(f"{host} is not a public address.")
    return parts


async def resolve(url: str, *, private: bool, lookup: Lookup) -> Target:
    """Return the addresses of the URL's host, if webhooks may reach every one of them.

    Raises:
        ForbiddenAddressError: as `check_url`, or one of its addresses is not public.
        UnresolvedError: the name does not resolve.
    """
    parts = check_url(url, private=private)
    host = parts.hostname
    assert host is not None
    try:
        found = [ipaddress.ip_address(address) for address in ([host] if _address(host) else await lookup(host))]
    except (OSError, UnicodeError) as error:
        raise UnresolvedError(f"{host} does not resolve") from error
    if not found:
        raise UnresolvedError(f"{host} does not resolve")
    if not private and not all(is_public(address) for address in found):
        raise ForbiddenAddressError(f"{host} resolves to an address that is not public")
    # IPv4 first: where the network has none, its connection fails at once.
    addresses = [str(address) for address in sorted(found, key=lambda address: address.version)]
    return Target(host, parts.port or (443 if parts.scheme == "https" else 80), addresses)


def is_public(address: IPAddress) -> bool:
    """True for a single host of the internet."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in SPECIAL_V4)
    if address in NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in GLOBAL_V6 and not address.scope_id and not any(address in network for network in SPECIAL_V6)


def _address(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
