import socket
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from shared.webhooks.addresses import ForbiddenAddressError, UnresolvedError, check_url, resolve

FORBIDDEN = [
    "http://example.org/", "ftp://example.org/", "https://", "https://user:pw@example.org/", "https://example.org/#x",
    "https://127.0.0.1/", "https://10.1.2.3/", "https://172.16.0.9/", "https://192.168.1.1/", "https://169.254.169.254/",
    "https://100.64.0.1/", "https://0.0.0.0/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[::1]/",
    "https://[fe80::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/", "https://[2002:7f00:1::]/",
    "https://[64:ff9b::7f00:1]/", "https://[::]/", "https://[ff02::1]/", "https://example.org:0/", "https://[::1/",
]  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN)
def test_what_is_not_of_the_internet_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        check_url(url, private=False)


@pytest.mark.parametrize(
    "url", ["https://example.org/hook?x=1", "https://93.184.216.34:8443/", "https://[2606:2800::1]/"]
)
def test_the_internet_is_allowed(url: str) -> None:
    check_url(url, private=False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://receiver/", "https://10.0.0.1/"])
def test_the_own_network_when_the_operator_says_so(url: str) -> None:
    check_url(url, private=True)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def lead_to(*addresses: str) -> None:
        async def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            if not addresses:
                raise socket.gaierror
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        loop = SimpleNamespace(getaddrinfo=getaddrinfo)
        monkeypatch.setattr("shared.webhooks.addresses.asyncio.get_running_loop", lambda: loop)

    return lead_to


async def test_a_name_is_judged_by_every_address_it_has(names: Callable[..., None]) -> None:
    names("93.184.216.34")
    target = await resolve("https://example.org/x", private=False)
    assert (target.host, target.port, target.address) == ("example.org", 443, "93.184.216.34")
    for inner in ("127.0.0.1", "10.0.0.1", "169.254.169.254"):
        names("93.184.216.34", inner)
        with pytest.raises(ForbiddenAddressError):
            await resolve("https://example.org/x", private=False)
    names()
    with pytest.raises(UnresolvedError):
        await resolve("https://example.org/x", private=False)
