import gzip
from datetime import timedelta

import httpx
import pytest
from starlette.responses import PlainTextResponse

from services.api.front import Front
from services.api.metrics import GatewayMetrics
from services.api.rate_limits import RateLimits
from services.api.responses import accepts_gzip
from services.api.view.catalogue import Catalogue
from services.api.view.current import MOST_ANSWERS, Current, View
from services.api.view.market import Market
from services.api.view.ready import ReadyAnswer, ready_answer
from shared.clock import ManualClock
from tests.factories.view import AT, RECORD, generation

METRICS = GatewayMetrics()
APP = PlainTextResponse("app", status_code=418)


def member(view: View, name: str) -> ReadyAnswer | None:
    if name == "broken":
        raise RuntimeError
    return ready_answer(RECORD, "tag", name.encode())._replace(route="/things/{name}") if name == "7" else None


@pytest.fixture
def current() -> Current:
    current = Current(ManualClock(AT + timedelta(seconds=30)), stale_after_s=60, generations_kept=1)
    current.show(generation([]), Market(), Catalogue.of(()))
    current.require().keep("/one", ready_answer(RECORD, "tag", b"one")._replace(route="/one"))
    current.require().keep("/whole", ready_answer(RECORD, "tag", b"x" * 10_000, compress=True, negotiated=True))
    return current


@pytest.fixture
def client(current: Current) -> httpx.AsyncClient:
    limits = RateLimits(reading=None, writing=None, metrics=METRICS)
    front = Front(APP, current=current, metrics=METRICS, limits=limits, members={"/things": member})
    return httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://gateway")


async def test_a_page_says_its_age_and_flags_in_headers_alone(client: httpx.AsyncClient, current: Current) -> None:
    first = await client.get("/one")
    assert (first.status_code, first.content, first.headers["etag"]) == (200, b"one", '"tag"')
    assert (first.headers["punkcast-generation"], first.headers["punkcast-age-seconds"]) == ("7", "30")
    assert "punkcast-degraded" not in first.headers
    current.database_away_since = AT
    second = await client.get("/one")
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    assert second.headers["punkcast-degraded"] == "database_away"


@pytest.mark.parametrize(
    ("known", "status"),
    [
        *((known, 304) for known in ('"tag"', 'W/"tag"', '"other", W/"tag"', "*")),
        *((known, 200) for known in ('"other"', "tag", "")),
    ],
)
async def test_a_copy_that_still_holds_is_not_sent_again(client: httpx.AsyncClient, known: str, status: int) -> None:
    answer = await client.get("/one", headers={"If-None-Match": known})
    assert (answer.status_code, answer.content) == (status, b"" if status == 304 else b"one")
    assert (answer.headers["etag"], answer.headers["punkcast-age-seconds"]) == ('"tag"', "30")


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    for path, length in (("/one", "3"), ("/unknown", "3")):
        head, got = await client.head(path), await client.get(path)
        assert (head.status_code, head.content, head.headers["content-length"]) == (got.status_code, b"", length)


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/one?a=1", "*/*"), ("POST", "/one", "*/*"), ("GET", "/two", "*/*"), ("GET", "/whole", "text/csv"),
        ("GET", "/things/8", "*/*"), ("GET", "/things/broken", "*/*"), ("GET", "/things/", "*/*"),
    ],
)  # fmt: skip
async def test_other_requests_go_to_the_app(client: httpx.AsyncClient, method: str, path: str, accept: str) -> None:
    assert (await client.request(method, path, headers={"Accept": accept})).status_code == 418


async def test_a_page_below_a_collection_is_made_when_it_is_asked_for(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things/7")).content == b"7"
    assert b'route="/things/{name}",status="200"} 1.0' in METRICS.exposition()


async def test_gzip_is_for_who_accepts_it_under_a_tag_of_its_own(client: httpx.AsyncClient) -> None:
    plain = await client.get("/whole", headers={"Accept-Encoding": "identity"})
    assert (plain.headers["etag"], plain.headers["vary"]) == ('"tag"', "Accept, Accept-Encoding")
    async with client.stream("GET", "/whole", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert (answer.headers["etag"], answer.headers["content-encoding"]) == ('"tag.gzip"', "gzip")
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        (b"gzip", True), (b"br, GZIP;q=0.8", True), (b"*", True), (b"", False), (b"br", False), (b"gzip;q=0", False),
        (b"gzip; q = 0.0", False),
    ],
)  # fmt: skip
def test_accept_encoding_is_read_as_the_rfc_says(accept: bytes, accepted: bool) -> None:
    assert accepts_gzip(accept) == accepted


def test_a_view_keeps_no_more_pages_than_there_is_room_for(current: Current) -> None:
    view = current.require()
    for number in range(MOST_ANSWERS):
        view.keep(f"/{number}", view.answers.get("/one") or ready_answer(RECORD, "tag", b""))
    assert len(view.answers) == MOST_ANSWERS
    assert "/one" not in view.answers
    current.show_market(Market())
    assert not current.require().answers
