import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api import cursors
from services.api.problems import BadCursorError

SECRET = b"a key"
POSITION = cursors.Position("scope", 12, ("45000000000000000000", "77"))


@given(generation=st.integers(0, 2**62), key=st.lists(st.text(max_size=40), min_size=1, max_size=3))
def test_a_position_comes_back_as_it_went(generation: int, key: list[str]) -> None:
    position = cursors.Position("scope", generation, tuple(key))
    cursor = cursors.encode(position, SECRET)
    assert cursors.decode(cursor, SECRET, scope="scope", keys=len(key)) == position


@given(place=st.integers(0, 200), letter=st.sampled_from("ABCXYZ019-_"))
def test_one_changed_letter_is_noticed(place: int, letter: str) -> None:
    cursor = cursors.encode(POSITION, SECRET)
    place %= len(cursor) - 1  # the last letter may carry unused bits
    changed = cursor[:place] + letter + cursor[place + 1 :]
    if changed == cursor:
        assert cursors.decode(changed, SECRET, scope="scope", keys=2) == POSITION
    else:
        with pytest.raises(BadCursorError):
            cursors.decode(changed, SECRET, scope="scope", keys=2)


@given(st.text(max_size=800))
def test_any_text_is_refused_without_another_error(text: str) -> None:
    with pytest.raises(BadCursorError):
        cursors.decode(text, SECRET, scope="scope", keys=2)


def test_another_key_another_scope_or_another_shape_is_refused() -> None:
    cursor = cursors.encode(POSITION, SECRET)
    for secret, scope, keys in ((b"other", "scope", 2), (SECRET, "other", 2), (SECRET, "scope", 1)):
        with pytest.raises(BadCursorError):
            cursors.decode(cursor, secret, scope=scope, keys=keys)
