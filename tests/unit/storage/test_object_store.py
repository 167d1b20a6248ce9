import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import IntegrityError
from shared.storage.object_store import content_key, reference_for, verify


@given(st.binary(max_size=200), st.sampled_from(["models", "snapshots"]))
def test_the_key_is_the_kind_and_the_content(body: bytes, kind: str) -> None:
    reference = reference_for(kind, body, "json")
    assert reference.sha256 == hashlib.sha256(body).hexdigest()
    assert reference.key == content_key(kind, reference.sha256, "json")
    assert reference.key == f"{kind}/{reference.sha256[:2]}/{reference.sha256}.json"
    assert reference.size == len(body)
    assert verify(reference, body) is body


@given(st.binary(min_size=1, max_size=200), st.data())
def test_one_changed_bit_is_noticed(body: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(body) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(body)
    changed[position] ^= 1 << bit
    with pytest.raises(IntegrityError, match="restore it from a backup"):
        verify(reference_for("models", body, "json"), bytes(changed))


def test_a_reference_to_other_bytes_is_refused_whatever_its_key_says() -> None:
    reference = reference_for("models", b"honest", "json")
    lying = replace(reference, sha256=hashlib.sha256(b"other").hexdigest())
    with pytest.raises(IntegrityError):
        verify(lying, b"honest")
