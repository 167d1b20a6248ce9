import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.merkle import Step, merkle_levels, proof, root_of

lines = st.lists(st.text("0123456789,ABCD", min_size=1, max_size=12), min_size=1, max_size=70, unique=True)


@given(lines=lines, data=st.data())
def test_a_line_and_its_neighbours_lead_to_the_root_and_others_elsewhere(lines: list[str], data: st.DataObject) -> None:
    levels = merkle_levels("\n".join(lines).encode())
    index = data.draw(st.integers(0, len(lines) - 1))
    steps = list(proof(levels, index))
    assert root_of(lines[index].encode(), steps) == levels[-1][0]
    assert root_of(lines[index].encode() + b"0", steps) != levels[-1][0]
    if steps:
        place = data.draw(st.integers(0, len(steps) - 1))
        steps[place] = Step(steps[place].side, bytes(byte ^ 1 for byte in steps[place].hash))
        assert root_of(lines[index].encode(), steps) != levels[-1][0]


def test_a_leaf_that_is_not_there_has_no_proof() -> None:
    levels = merkle_levels(b"a\nb\nc")
    for index in (-1, 3):
        with pytest.raises(IndexError):
            proof(levels, index)
