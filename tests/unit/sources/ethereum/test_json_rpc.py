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


async def test_a_node_on_another_chain_is_left_out_and_one_alone_is_an_error() -> None:
    wrong = node(chain_id=5)
    async with client(first=wrong, second=node()) as rpc:
        for _ in range(3):
            assert await rpc.ask(HEAD) == 100
    assert wrong.methods() == ["eth_chainId"]
    async with client(first=wrong) as rpc:
        with pytest.raises(UnusableNodeError, match=r"first: it is on chain 5, not 1: correct PUNKCAST_SOURCE_URL"):
            await rpc.ask(HEAD)


async def test_the_newest_block_is_the_best_of_all_nodes() -> None:
    async with client(stuck=node(behind=40), wrong=node(chain_id=5), good=node()) as rpc:
        assert (await rpc.newest(at_least=70)).number == 100
        assert [endpoint.head for endpoint in rpc.nodes] == [60, -1, 100]
        with pytest.raises(NodeUnavailableError, match=r"good: it is at block 100, behind block 101.*stuck: .*60"):
            await rpc.newest(at_least=101)


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_refused_key_is_permanent_unless_another_node_works(status: int) -> None:
    refusing, said = node(), {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no such project id"}}
    refusing.statuses += [httpx.Response(status, json=said)] * 2
    async with client(first=refusing, second=node()) as rpc:
        assert await rpc.ask(HEAD) == 100
    async with client(only=refusing) as rpc:
        with pytest.raises(UnusableNodeError, match=rf"HTTP {status}: is the URL.*no such project id"):
            await rpc.ask(HEAD)


async def test_a_node_that_lacks_the_block_is_not_asked_for_what_is_in_it() -> None:
    behind, good = node(behind=50), node()
    call = Call("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "0x64"}], lambda value: value, needs_block=100)
    async with client(behind=behind, good=good) as rpc:
        await rpc.ask(call)
    assert "eth_getLogs" not in behind.methods()
    assert "eth_getLogs" in good.methods()


LOGS = Call("eth_getLogs", [{"fromBlock": "0x0", "toBlock": "0x1"}], len, divisible=True)


def refusing(message: str, code: int = -32000, *, times: int = 99) -> FakeNode:
    only, refusals = node(), [RpcError(message, code)] * times
    only.faults.append(lambda method, _: refusals.pop() if method == "eth_getLogs" and refusals else None)
    return only


@pytest.mark.parametrize(
    ("message", "blocks"),
    [
        ("query returned more than 10000 results", 10_000),
        ("range 1000000 exceeds limit of 10000", 10_000),
        ("eth_getLogs is limited to a 10,000 range", 10_000),
        ("Log response size exceeded. Try with this block range [0x10, 0x19].", 10),
        ("block range too large", None),
        ("context deadline exceeded", None),
        ("ranges over 10000 blocks are not supported on freetier", 10_000),
        ("please limit the query to at most 1000 blocks", 1_000),
        ("maximum [from, to] blocks distance: 1000", 1_000),
        ("Maximum allowed number of requested blocks is 3500", 3_500),
        ("You can make eth_getLogs requests with up to a 2K block range", 2_000),
        ("something that nobody has seen yet", None),
    ],
)
async def test_what_all_nodes_refuse_twice_is_asked_for_less_in_any_words(message: str, blocks: int | None) -> None:
    first, second = refusing(message), refusing("internal error")
    async with client(first=first, second=second) as rpc:
        with pytest.raises(TooMuchAtOnceError) as caught:
            await rpc.ask(LOGS)
    assert caught.value.blocks == blocks
    assert (first.methods() + second.methods()).count("eth_getLogs") == 4


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(502, text="<html>"),
        httpx.Response(504, text="<html>"),
        httpx.Response(413, text="<html>"),
        httpx.Response(500, json={"error": {"code": -32000, "message": "query failed"}}),
        httpx.Response(429, json={"error": {"code": -32005, "message": "query returned more than 10000 results"}}),
        httpx.Response(403, json={"error": {"code": 35, "message": "at most 500 blocks for your plan"}}),
    ],
)
async def test_a_refusal_of_size_is_recognised_at_any_status(refusal: httpx.Response) -> None:
    only = node()
    async with client(only=only) as rpc:
        await rpc.ask(HEAD)
        only.statuses += [refusal] * 2
        with pytest.raises(TooMuchAtOnceError):
            await rpc.ask(LOGS)


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ("pruned history unavailable", 4444, "keeps no logs that old.*import"),
        ("history has been pruned for this block", -32000, "keeps no logs that old"),
        ("old data not available due to pruning", -32000, "keeps no logs that old"),
        ("Archive requests require a personal token", -32701, "full history"),
        ("requested block 5 is before the earliest available block 900", -32000, "full history"),
        ("the method eth_getLogs does not exist/is not available", -32601, "lacks the method"),
        ("method eth_getLogs is not supported", -32004, "lacks the method"),
    ],
)
async def test_what_no_repetition_helps_is_told_at_once(message: str, code: int, words: str) -> None:
    only = refusing(message, code)
    async with client(only=only) as rpc:
        with pytest.raises(UnusableNodeError, match=words):
            await rpc.ask(LOGS)
    assert only.methods().count("eth_getLogs") == 1
    async with client(only=only, good=node()) as rpc:
        assert await rpc.ask(LOGS) == 0


@pytest.mark.parametrize("message", ["daily request count exceeded, request rate limited", "out of compute units"])
async def test_a_rate_limit_in_an_error_object_is_waited_out(message: str) -> None:
    only = refusing(message, -32005, times=3)
    async with client(only=only) as rpc:
        assert await rpc.ask(LOGS) == 0
    assert only.methods().count("eth_getLogs") == 4


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


BATCH_REFUSED = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch too large"}}


@pytest.mark.parametrize("status", [200, 413, 400, 500])
async def test_a_node_that_takes_no_batches_is_asked_singly(status: int) -> None:
    only = FakeNode(FakeChain(head=1_000), refusal_of_batches=httpx.Response(status, json=BATCH_REFUSED))
    async with client(only=only) as rpc:
        for _ in range(2):
            assert await rpc.ask_all([block(number) for number in range(30)]) == list(range(30))
        assert only.requests == 1 + 2 + 60, "two refused batches in all"
        only.refusal_of_batches = None
        for _ in range(20):
            await rpc.ask_all([block(number) for number in range(100)])
        singly = only.requests
        await rpc.ask_all([block(number) for number in range(100)])
    assert only.requests == singly + 1, "batches grow again"


async def test_a_rate_limit_of_a_batch_does_not_make_batches_smaller() -> None:
    said = {"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "too many requests per second"}}
    only = FakeNode(FakeChain(head=1_000))
    async with client(only=only) as rpc:
        await rpc.ask(HEAD)
        only.statuses += [httpx.Response(200, json=said)] * 2
        assert await rpc.ask_all([block(number) for number in range(200)]) == list(range(200))
    assert only.requests == 2 + 2 + 2


async def test_what_a_batch_leaves_out_is_asked_again() -> None:
    only = FakeNode(FakeChain(head=1_000), answers_at_most=30)
    async with client(only=only) as rpc:
        assert await rpc.ask_all([block(number) for number in range(100)]) == list(range(100))
    assert only.requests == 1 + 4


async def test_calls_are_paced() -> None:
    pauses = Pauses()
    rpc = JsonRpc(["http://a/"], chain_id=1, calls_per_s=10, transport=transport(a=node()), sleep=pauses)
    await rpc.ask_all([block(number) for number in range(60)])
    assert sum(pauses) > 0
    assert max(pauses) == pytest.approx(5.1, abs=0.3), "sixty calls and one for the chain, ten at once"
    await rpc.close()


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
