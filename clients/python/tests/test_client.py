"""Both clients against a scripted gateway: pages, retries, problems, streams."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from punkcast_client import (
    AsyncPunkcast,
    ForgedWebhookError,
    ProblemError,
    Punkcast,
    PunkcastUnavailableError,
    Retries,
    challenge_answer,
    verify_webhook,
)

EVENT = {
    "id": "promoted:1", "at": "2025-06-01T00:00:00Z", "kind": "promoted", "summary": "it was", "model_id": "m-1",
    "decision_id": None, "actor": "policy", "weather": "sunny",
}  # fmt: skip
QUICK = Retries(tries=3, first_s=0.0, longest_s=0.0)


class Gateway:
    """Keeps the requests, and answers the n-th of them, from 0, with what `answer` returns for n."""

    def __init__(self, answer: Callable[[int], httpx.Response]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(len(self.requests) - 1)


def both(gateway: Callable[[httpx.Request], httpx.Response]) -> tuple[Punkcast, AsyncPunkcast]:
    transport = httpx.MockTransport(gateway)
    return (
        Punkcast("http://gateway", retries=QUICK, transport=transport),
        AsyncPunkcast("http://gateway", api_key="pc_x", retries=QUICK, transport=transport),
    )


def paged(request: httpx.Request) -> httpx.Response:
    first = int(request.url.params.get("cursor", "0"))
    items = [EVENT | {"id": f"e{first}"}, EVENT | {"id": f"e{first + 1}"}]
    return httpx.Response(200, json={"items": items, "next_cursor": str(first + 2) if first < 4 else None})


async def test_iterators_read_every_page() -> None:
    sync, asynchronous = both(paged)
    expected = [f"e{number}" for number in range(6)]
    assert [event.id for event in sync.lifecycle(kind=["promoted"])] == expected
    assert [event.id async for event in asynchronous.lifecycle()] == expected


def test_answers_are_typed_and_keep_unknown_fields() -> None:
    (first, *_) = both(paged)[0].lifecycle()
    assert first.at == datetime(2025, 6, 1, tzinfo=UTC)
    assert first.model_extra == {"weather": "sunny"}


async def test_arguments_become_path_body_and_headers() -> None:
    act = {"decision_id": "0b8b7b0e-6a1c-5d7e-9f00-1234567890ab", "act": "promote", "model_id": "m-1"}
    gateway = Gateway(lambda _: httpx.Response(200, json=act | {"outcome": "swapped", "pointer_generation": 2}))
    sync, asynchronous = both(gateway)
    sync.promote("m-1", "because", key="mine")
    await asynchronous.promote("m-1", "because", expected_generation=1)
    one, two = gateway.requests
    assert one.url.path == "/v1/models/m-1/promote"
    assert one.headers["idempotency-key"] == "mine"
    assert "authorization" not in one.headers
    assert two.headers["authorization"] == "Bearer pc_x"
    assert json.loads(two.content) == {"reason": "because", "expected_generation": 1}
    assert two.headers["idempotency-key"]


async def test_a_problem_is_an_error_with_its_slug_and_next_step() -> None:
    problem = {"type": "https://punkcast.dev/problems/not-found", "detail": "None.", "next_step": "Check the id."}
    gateway = Gateway(lambda _: httpx.Response(404, json=problem))
    sync, asynchronous = both(gateway)
    with pytest.raises(ProblemError) as refused:
        sync.punk(1)
    assert (refused.value.slug, refused.value.status, refused.value.next_step) == ("not-found", 404, "Check the id.")
    with pytest.raises(ProblemError):
        await asynchronous.punk(1)
    assert len(gateway.requests) == 2, "a 404 is not retried"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_an_error_without_a_problem_document_is_a_problem_too(body: bytes) -> None:
    sync, _ = both(lambda _: httpx.Response(400, content=body))
    with pytest.raises(ProblemError, match="400"):
        sync.backtest()


async def test_retries_honour_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    def answer(number: int) -> httpx.Response:
        if number % 2 == 0:
            return httpx.Response(429, headers={"Retry-After": "7"}, json={})
        return httpx.Response(200, json={"punk_id": 1})

    sync, asynchronous = both(Gateway(answer))
    assert sync.punk(1).punk_id == 1
    assert (await asynchronous.punk(1)).punk_id == 1
    assert slept == [7.0, 7.0]


def test_only_short_pauses_after_temporary_failures_are_waited_for() -> None:
    retries = Retries(tries=3, patience_s=60)

    def answer(status: int, after: str | None = None) -> httpx.Response:
        return httpx.Response(status, headers={"Retry-After": after} if after else {})

    assert retries.pause(1, answer(503, "61")) is None
    assert retries.pause(1, answer(404)) is None
    assert retries.pause(1, answer(500)) is None
    assert retries.pause(3, answer(503)) is None
    in_a_while = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    pause = retries.pause(1, answer(503, in_a_while))
    assert pause is not None
    assert 25 <= pause <= 31
    for odd in ("soon", "-1"):
        pause = retries.pause(1, answer(503, odd))
        assert pause is not None
        assert pause <= 0.5
    assert retries.pause(1, None) is not None


async def test_a_broken_connection_is_retried_and_then_reported() -> None:
    def refuse(_: int) -> httpx.Response:
        raise httpx.ConnectError("refused")

    gateway = Gateway(refuse)
    sync, asynchronous = both(gateway)
    with pytest.raises(PunkcastUnavailableError, match="3 tries"):
        sync.punk(1)
    with pytest.raises(PunkcastUnavailableError):
        await asynchronous.punk(1)
    assert len(gateway.requests) == 6


STREAM = (
    b": punkcast\nretry: 5000\n\n"
    b'event: generation\ndata: {"generation_id": 3}\nid: g3.s1.p1\n\n'
    b": heartbeat\n\ndata: {}\n\n"
)


async def test_events_are_read_from_the_stream() -> None:
    gateway = Gateway(lambda _: httpx.Response(200, content=STREAM, headers={"Content-Type": "text/event-stream"}))
    sync, asynchronous = both(gateway)
    one, two = list(sync.events("generation", last_event_id="g2.s1.p1"))
    assert (one.id, one.event, one.data) == ("g3.s1.p1", "generation", {"generation_id": 3})
    assert (two.event, two.id) == ("message", "g3.s1.p1")
    assert gateway.requests[0].headers["last-event-id"] == "g2.s1.p1"
    assert [event.id async for event in asynchronous.events()] == ["g3.s1.p1", "g3.s1.p1"]


def test_a_stream_that_is_refused_is_a_problem() -> None:
    sync, _ = both(lambda _: httpx.Response(503, json={"type": "x/busy"}))
    with pytest.raises(ProblemError, match="busy"):
        list(sync.events())


def test_a_challenge_is_answered_and_other_events_are_not() -> None:
    assert challenge_answer({"type": "webhook.challenge", "data": {"challenge": "abc"}}) == {"challenge": "abc"}
    assert challenge_answer({"type": "sale.scored", "data": {"punk_id": 1}}) is None


def test_a_webhook_is_verified() -> None:
    headers = {
        "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "Webhook-Timestamp": "1614265330",
        "Webhook-Signature": "v2,abc v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    assert verify_webhook(secret, headers, body, now=1614265331) == {"test": 2432232314}
    for wrong in (
        lambda: verify_webhook(secret, headers, body + b" ", now=1614265331),
        lambda: verify_webhook(secret, headers, body),
        lambda: verify_webhook(secret, {}, body),
        lambda: verify_webhook(secret, headers | {"Webhook-Timestamp": "x"}, body),
    ):
        with pytest.raises(ForgedWebhookError):
            wrong()
