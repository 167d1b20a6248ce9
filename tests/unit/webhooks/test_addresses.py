"""Which URLs and addresses webhooks may reach."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.webhooks.addresses import ForbiddenAddressError, Lookup, UnresolvedError, check_url, is_public, resolve

FORBIDDEN = [
    "http://example.org/", "ftp://example.org/", "https://", "https://user:pw@example.org/", "https://example.org/#x",
    "https://127.0.0.1/", "https://10.1.2.3/", "https://172.16.0.9/", "https://192.168.1.1/", "https://169.254.169.254/",
    "https://100.64.0.1/", "https://0.0.0.0/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/",
    "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/", "https://[2002:7f00:1::]/",
    "https://[64:ff9b::7f00:1]/", "https://[::]/", "https://[ff02::1]/", "https://example.org:0/", "https://[::1/",
    "https://[fec0::1]/", "https://192.0.0.192/", "https://192.88.99.1/", "https://[2606:2800::1%25eth0]/",
    "https://example.org:22/", "https://example.org:25/", "https://example.org:80/", "https://example.org:5432/",
    "https://example.org:65536/", "https://example.org/\x7f", "https://example.org\\@other.example/",
    "https://ｅxample.org/", "https://bücher.example/",
]  # fmt: skip
# Every row of both registries of special-purpose addresses (September 2026), multicast, and site-local addresses.
SPECIAL = [
    "0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/32", "192.0.0.171/32",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16",
    "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "255.255.255.255/32",
    "::1/128", "::/128", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32",
    "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28",
    "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16",
    "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip
IPV4 = [IPv4Network(network) for network in SPECIAL if ":" not in network]
IPV6 = [IPv6Network(network) for network in SPECIAL if ":" in network]
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
    "192.0.1.0", "192.88.98.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "2001:200::1", "2001:4860:4860::8888", "2003::1", "2400::1", "2606:2800::1", "2a00:1450::1", "3ffe::1",
    "64:ff9b::5db8:d822",
]  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN)
def test_what_is_not_of_the_internet_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        check_url(url, private=False)


@pytest.mark.parametrize(
    "url", ["https://example.org/hook?x=1", "https://93.184.216.34:8443/", "https://[2606:2800::1]:443/"]
)
def test_the_internet_is_allowed(url: str) -> None:
    check_url(url, private=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://receiver/", "https://10.0.0.1/"])
def test_the_own_network_when_the_operator_says_so(url: str) -> None:
    check_url(url, private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_host_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


def _within(network: IPv4Network | IPv6Network) -> st.SearchStrategy[int]:
    """Addresses as numbers; the bounds come first."""
    first, last = int(network.network_address), int(network.broadcast_address)
    return st.sampled_from((first, last)) | st.integers(first, last)


@given(
    st.sampled_from(IPV4).flatmap(_within).map(IPv4Address) | st.sampled_from(IPV6).flatmap(_within).map(IPv6Address)
)
def test_no_address_of_a_special_range_is_public(address: IPv4Address | IPv6Address) -> None:
    assert not is_public(address)


@given(st.sampled_from(IPV4).flatmap(_within), st.integers(0, 2**48 - 1))
def test_no_address_that_embeds_one_of_a_special_range_is_public(inner: int, rest: int) -> None:
    forms = {
        "mapped": (0xFFFF << 32) | inner,
        "translated": (0xFFFF << 48) | inner,
        "compatible": inner,
        "NAT64": (0x0064FF9B << 96) | inner,
        "local NAT64": (0x0064FF9B0001 << 80) | (rest << 32) | inner,
        "6to4": (0x2002 << 112) | (inner << 80) | rest,
        "Teredo": (0x20010000 << 96) | (rest << 32) | (inner ^ 0xFFFFFFFF),
    }
    assert [name for name, number in forms.items() if is_public(IPv6Address(number))] == []


def answering(*addresses: str) -> Lookup:
    async def lookup(_: str) -> Sequence[str]:
        if not addresses:
            raise OSError("no such name")
        return addresses

    return lookup


async def test_a_name_is_judged_by_every_address_it_has() -> None:
    found = answering("2606:2800::1", "93.184.216.34")
    target = await resolve("https://example.org/x", private=False, lookup=found)
    assert (target.host, target.port, target.addresses) == ("example.org", 443, ["93.184.216.34", "2606:2800::1"])
    for inner in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fec0::1"):
        with pytest.raises(ForbiddenAddressError):
            await resolve("https://example.org/x", private=False, lookup=answering("93.184.216.34", inner))
    with pytest.raises(UnresolvedError):
        await resolve("https://example.org/x", private=False, lookup=answering())
    assert (await resolve("http://hooks/", private=True, lookup=answering("10.0.0.1"))).addresses == ["10.0.0.1"]
