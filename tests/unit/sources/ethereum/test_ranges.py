import asyncio
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.sources.ethereum.failures import NodeUnavailableError, TooMuchAtOnceError
from shared.sources.ethereum.ranges import Span, in_order


async def read(first: int, last: int, *, limit: int, span: Span, in_flight: int = 3) -> list[tuple[int, int]]:
    """The sizes asked for; checks that every block came once, in order."""
    asked: list[tuple[int, int]] = []

    async def fetch(begin: int, end: int) -> list[int]:
        asked.append((begin, end))
        await asyncio.sleep(0)
        if end - begin + 1 > limit:
            raise TooMuchAtOnceError("too many results")
        return list(range(begin, end + 1))

    found, following = [], first
    async for part in in_order(first, last, fetch, span=span, in_flight=in_flight):
        assert part.first == following
        following = part.last + 1
        found += part.items
    assert found == list(range(first, last + 1))
    return asked


@settings(max_examples=60)
@given(
    first=st.integers(0, 50),
    count=st.integers(0, 400),
    limit=st.integers(1, 300),
    blocks=st.integers(1, 500),
    in_flight=st.integers(1, 5),
)
def test_every_block_comes_once_and_in_order(first: int, count: int, limit: int, blocks: int, in_flight: int) -> None:
    asyncio.run(read(first, first + count - 1, limit=limit, span=Span(blocks=blocks), in_flight=in_flight))


async def test_the_span_settles_below_the_nodes_limit() -> None:
    span = Span(blocks=1_000)
    asked = await read(0, 20_000, limit=100, span=span)
    refused = sum(1 for begin, end in asked if end - begin + 1 > 100)
    assert span.blocks <= 200
    assert refused < len(asked) / 12, "now and then more is tried"


async def test_quick_short_answers_make_the_span_grow() -> None:
    span = Span(blocks=10, largest=640)
    await read(0, 5_000, limit=10_000, span=span)
    assert span.blocks == 640


def test_slow_and_long_answers_do_not() -> None:
    span = Span(blocks=100)
    span.answered(100, seconds=3.0, logs=0)
    span.answered(100, seconds=0.1, logs=5_000)
    span.answered(50, seconds=0.1, logs=0)  # the end of a range says nothing about a whole one
    assert span.blocks == 100
    span.answered(100, seconds=9.0, logs=0)
    assert span.blocks == 50


async def test_a_single_block_that_is_too_much_is_an_error() -> None:
    with pytest.raises(TooMuchAtOnceError):
        await read(0, 10, limit=0, span=Span(blocks=4))


async def test_a_failure_ends_the_requests_behind_it() -> None:
    ended = []

    async def fetch(begin: int, end: int) -> list[int]:
        if begin == 0:
            raise NodeUnavailableError("away")
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(begin)
        return []

    with pytest.raises(NodeUnavailableError):
        async for _ in in_order(0, 100, fetch, span=Span(blocks=10), in_flight=3):
            pass
    assert ended in ([10, 20], [])  # those that had begun


async def test_leaving_early_ends_what_is_in_flight() -> None:
    running = 0

    async def fetch(begin: int, end: int) -> list[int]:
        nonlocal running
        running += 1
        try:
            await asyncio.sleep(0 if begin == 0 else 60)
            return [begin]
        finally:
            running -= 1

    async with aclosing(in_order(0, 100, fetch, span=Span(blocks=10), in_flight=4)) as parts:
        async for part in parts:
            assert part.items == [0]
            break
    assert running == 0
