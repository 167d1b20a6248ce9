"""No message shows what a URL of the settings may keep secret."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.clock import SystemClock
from shared.database.pool import require_server_url
from shared.errors import InvalidInputError
from shared.runtime.platform import open_bus
from shared.settings import COINBASE, Settings
from shared.sources.source import open_source
from shared.storage.opening import open_store
from shared.urls import redacted

SECRET = "hunter2"
WITH_A_SECRET = (
    f"socks5://user:{SECRET}@host:1080/",
    f"s3://key:{SECRET}@bucket?endpoint=x",
    f"s3://bucket?secret={SECRET}",
    f"s3://user:{SECRET}@[bucket/prefix",
    f"ftp://host/{SECRET}",
    f"https://host/v3/{SECRET}?key={SECRET}#{SECRET}",
    f"ether://u:{SECRET}@h@host:99999999/",
    f"ethereum+https://user:{SECRET}@ho\u2100st/",
    f"files://?{SECRET}",
    f"simulated://user:{SECRET}@host?seed=1",
    f"{SECRET}:{SECRET}@host",
    SECRET,
)

PARTS: dict[str, Callable[[str, Path], object]] = {
    "database": lambda url, _: require_server_url(url),
    "broker": lambda url, home: open_bus(Settings(broker_url=url, home=home), SystemClock()),
    "object store": open_store,
    "source": lambda url, _: open_source(url, rpc_urls="", price_url=COINBASE),
    "node": lambda url, _: open_source("ethereum://", rpc_urls=url, price_url=COINBASE),
    "prices": lambda url, _: open_source("ethereum+https://host", rpc_urls="", price_url=url),
}


@pytest.mark.parametrize("url", WITH_A_SECRET)
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_an_unusable_url_is_refused_without_its_secrets(
    part: Callable[[str, Path], object], url: str, tmp_path: Path
) -> None:
    try:
        part(url, tmp_path)
    except InvalidInputError as error:
        assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://me:{SECRET}@db.example:5432/punks?sslmode=require", "postgresql://db.example:5432/punks"),
        (f"amqp://me:{SECRET}@[::1]:5672/", "amqp://[::1]:5672"),
        (f"https://host/v3/{SECRET}", "https://host/…"),
        (f"https://me:pa/ss@{SECRET}@host?{SECRET}", "https://host/…"),
        ("embedded://", "embedded://"),
        ("", "(empty)"),
        *((url, "(not shown: no URL)") for url in (SECRET, f"me:{SECRET}@host", f"https://ho st/{SECRET}")),
    ],
)
def test_scheme_and_host_are_shown_and_nothing_else(url: str, shown: str) -> None:
    assert redacted(url) == shown
