"""What is made once is made once, and a compressed answer says what the plain one says."""

from __future__ import annotations

import asyncio
import gzip
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.api.resident.renditions import Deflated, Renditions


@example(body=b"", beginnings=[b"\x00"])
@given(body=st.binary(max_size=3000), beginnings=st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_any_beginning_and_the_body_are_one_gzip_stream(body: bytes, beginnings: list[bytes]) -> None:
    deflated = Deflated(body)
    for beginning in beginnings:
        assert gzip.decompress(b"".join(deflated.after(beginning))) == beginning + body


async def test_those_who_ask_at_once_share_one_making() -> None:
    made = []

    def make() -> int:
        time.sleep(0.02)
        made.append(1)
        return len(made)

    renditions = Renditions()
    assert await asyncio.gather(*(renditions.get("one", make) for _ in range(5))) == [1] * 5
    assert await renditions.get("other", make) == 2


async def test_what_failed_is_tried_again() -> None:
    tries = []

    def make() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("once")
        return "made"

    renditions = Renditions()
    with pytest.raises(ValueError, match="once"):
        await renditions.get("it", make)
    assert await renditions.get("it", make) == "made"


async def test_one_who_hangs_up_takes_nothing_from_the_others() -> None:
    renditions = Renditions()
    impatient = asyncio.create_task(renditions.get("it", lambda: time.sleep(0.05) or "made"))
    patient = asyncio.create_task(renditions.get("it", lambda: "never called"))
    await asyncio.sleep(0.01)
    impatient.cancel()
    assert await patient == "made"
