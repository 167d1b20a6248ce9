from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from shared.sources.ethereum import answers
from shared.sources.ethereum.failures import NodeUnavailableError, TooMuchAtOnceError, UnusableNodeError
from shared.sources.ethereum.json_rpc import Call, JsonRpc, Patience
from tests.factories.fake_chain import FakeChain, FakeNode, RpcError, transport

HEAD = Call("eth_blockNumber", [], lambda value: answers.quantity(value, "head"))
QUICK = Patience(rounds=4, first_pause_s=0.5, longest_pause_s=20.0)


class Pauses(list[float]):
    """Sleeps as the client would, without waiting, and keeps how long."""

    async def __call__(self, seconds: float) -> None:
        if seconds:
            self.append(seconds)


@asynccontextmanager
async def client(pauses: Pauses | None = None, **nodes: FakeNode) -> AsyncIterator[JsonRpc]:
    rpc = JsonRpc(
        [f"http://{name}/key-of-{name}" for name in nodes],
        chain_id=1,
        patience=QUICK,
        transport=transport(**nodes),
        sleep=Pauses() if pauses is None else pauses,
    )
    yield rpc
    await rpc.close()


def node(**changed: object) -> FakeNode:
    return FakeNode(FakeChain(head=100), **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(500),
        httpx.Response(503, text="<html>"),
        httpx.Response(429),
        httpx.Response(200, text="no json"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"id": 77, "result": "0x1"}),
        httpx.Response(200, json={"jsonrpc": "2.0", "id": 2}),
        httpx.Response(200, json={"jsonrpc": "2.0", "id": 2, "error": {"code": -32603, "message": "internal error"}}),
        httpx.Response(200, json={"jsonrpc": "2.0", "id": 2, "result": 100}),
    ],
)
async def test_a_failure_is_tried_again_after_a_random_pause(failure: httpx.Response) -> None:
    only, pauses = node(), Pauses()
    async with client(pauses, only=only) as rpc:
        assert await rpc.ask(HEAD) == 100
        only.statuses.append(failure)
        assert await rpc.ask(HEAD) == 100
    assert len(pauses) == 1
    assert 0 < pauses[0] <= 0.5


async def test_a_node_that_says_when_to_come_back_is_left_alone_until_then() -> None:
    only, pauses = node(), Pauses()
    only.statuses.append(httpx.Response(429, headers={"Retry-After": "7"}))
    async with client(pauses, only=only) as rpc:
        with pytest.raises(NodeUnavailableError, match="left alone"):
            await rpc.ask(HEAD)  # the pretended sleep did not move the clock: it goes on keeping silent
    assert only.requests == 1
    assert max(pauses) == pytest.approx(7, abs=0.5)


async def test_the_next_node_answers_at_once_and_the_failed_one_is_asked_last_for_a_while() -> None:
    first, second, pauses = node(), node(), Pauses()
    first.statuses.append(httpx.Response(502))
    async with client(pauses, first=first, second=second) as rpc:
        for _ in range(5):
            assert await rpc.ask(HEAD) == 100
    assert not pauses
    assert first.requests == 1
    assert second.methods() == ["eth_chainId", *["eth_blockNumber"] * 5]


async def test_when_nobody_answers_the_error_says_what_each_said_but_no_key() -> None:
    first, second, pauses = node(), node(), Pauses()
    first.faults.append(lambda *_: RpcError("database is locked"))
    second.statuses += [httpx.Response(500)] * 10
    async with client(pauses, first=first, second=second) as rpc:
        with pytest.raises(NodeUnavailableError, match=r"first: database is locked.*second: HTTP 500") as caught:
            await rpc.ask(HEAD)
    assert "key-of" not in str(caught.value)
    assert len(pauses) == QUICK.rounds - 1


async def test_a_node_on_another_chain_is_an_error_even_when_another_one_is_right() -> None:
    async with client(first=node(chain_id=5), second=node()) as rpc:
        with pytest.raises(UnusableNodeError, match=r"first is on chain 5, not 1: correct PUNKCAST_SOURCE_URL"):
            await rpc.ask(HEAD)


async def test_a_refused_key_is_permanent_unless_another_node_works() -> None:
    refusing = node()
    refusing.statuses += [httpx.Response(401)] * 2
    async with client(first=refusing, second=node()) as rpc:
        assert await rpc.ask(HEAD) == 100
    async with client(only=refusing) as rpc:
        with pytest.raises(UnusableNodeError, match="HTTP 401"):
            await rpc.ask(HEAD)


async def test_a_node_that_lacks_the_block_is_not_asked_for_what_is_in_it() -> None:
    behind, good = node(behind=50), node()
    call = Call("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "0x64"}], lambda value: value, needs_block=100)
    async with client(behind=behind, good=good) as rpc:
        await rpc.ask(call)
    assert "eth_getLogs" not in behind.methods()
    assert "eth_getLogs" in good.methods()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("query returned more than 10000 results", -32005),
        ("range 1000000 exceeds limit of 10000", -32602),
        ("eth_getLogs is limited to a 10,000 range", -32614),
        ("Log response size exceeded. Please reduce query block range.", -32602),
        ("block range too large", -32000),
        ("exceed maximum block range: 50000", -32602),
        ("query timeout exceeded", -32005),
        ("context deadline exceeded", -32000),
    ],
)
async def test_a_refusal_for_size_is_recognised_and_not_tried_again(message: str, code: int) -> None:
    only = node()
    only.faults.append(lambda method, _: RpcError(message, code) if method == "eth_getLogs" else None)
    logs = Call("eth_getLogs", [{}], lambda value: value, divisible=True)
    async with client(only=only) as rpc:
        with pytest.raises(TooMuchAtOnceError):
            await rpc.ask(logs)
    assert only.methods().count("eth_getLogs") == 1


@pytest.mark.parametrize("message", ["daily request count exceeded, request rate limited", "out of compute units"])
async def test_a_rate_limit_in_an_error_object_is_waited_out(message: str) -> None:
    only, refusals = node(), [RpcError(message, -32005)] * 2
    only.faults.append(lambda method, _: refusals.pop() if method == "eth_getLogs" and refusals else None)
    async with client(only=only) as rpc:
        assert await rpc.ask(Call("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "0x1"}], len, divisible=True)) == 0
    assert only.methods().count("eth_getLogs") == 3


async def test_a_time_out_of_a_divisible_call_asks_for_less_and_of_another_is_tried_again() -> None:
    timeouts = 2

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal timeouts
        if b"eth_chainId" not in request.content and timeouts:
            timeouts -= 1
            raise httpx.ReadTimeout("slow", request=request)
        return await good.handle(request)

    good = node()
    rpc = JsonRpc(["http://a/"], chain_id=1, patience=QUICK, transport=httpx.MockTransport(handle), sleep=Pauses())
    with pytest.raises(TooMuchAtOnceError, match="no answer within 30 s"):
        await rpc.ask(Call("eth_getLogs", [{}], lambda value: value, divisible=True))
    assert await rpc.ask(HEAD) == 100
    assert timeouts == 0
    await rpc.close()


def block(number: int) -> Call[int]:
    return Call("eth_getBlockByNumber", [hex(number), False], lambda value: answers.header(value, number).number)


async def test_many_calls_go_in_batches_and_come_back_in_order() -> None:
    only = FakeNode(FakeChain(head=1_000))
    async with client(only=only) as rpc:
        wanted = list(range(0, 750, 3))
        assert await rpc.ask_all([block(number) for number in wanted]) == wanted
    assert only.requests <= 3 + 3, "three batches of a hundred, beside at most three questions for the chain"


@pytest.mark.parametrize("status", [200, 413, 400])
async def test_a_node_that_takes_no_batches_is_asked_singly(status: int) -> None:
    refusal = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch too large"}}
    only = FakeNode(FakeChain(head=1_000), refusal_of_batches=httpx.Response(status, json=refusal))
    async with client(only=only) as rpc:
        assert await rpc.ask_all([block(number) for number in range(30)]) == list(range(30))
        singly = only.requests
        assert await rpc.ask_all([block(number) for number in range(30)]) == list(range(30))
    assert only.requests == singly + 30, "no batch is tried again"


async def test_no_more_requests_are_in_flight_than_allowed() -> None:
    only = FakeNode(FakeChain(head=1_000), refusal_of_batches=httpx.Response(400), pause_s=0.001)
    async with client(only=only) as rpc:
        await rpc.ask_all([block(number) for number in range(60)])
    assert only.most_at_once == 4


async def test_one_bad_answer_of_a_batch_sends_the_batch_to_another_node() -> None:
    liar, good = node(), node()
    liar.faults.append(lambda method, given: good.chain.block(7) if given and given[0] == hex(5) else None)
    async with client(liar=liar, good=good) as rpc:
        assert await rpc.ask_all([block(number) for number in range(10)]) == list(range(10))
    assert good.methods().count("eth_getBlockByNumber") == 10
