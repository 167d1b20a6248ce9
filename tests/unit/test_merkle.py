import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.merkle import GrowingTree, Step, merkle_levels, proof, root_of

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


# Of the test suite of certificate transparency: the leaves in hexadecimal, and the root after each.
KNOWN = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]


def test_a_growing_tree_has_the_roots_that_certificate_transparency_knows() -> None:
    tree = GrowingTree()
    assert tree.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf, root in KNOWN:
        tree.append(bytes.fromhex(leaf))
        assert tree.root().hex() == root


@given(lines=lines)
def test_a_growing_tree_is_after_each_line_the_tree_of_all_lines_so_far(lines: list[str]) -> None:
    tree = GrowingTree()
    for count, line in enumerate(lines, start=1):
        before, root = tree.copy(), tree.root()
        tree.append(line.encode())
        assert tree.root() == merkle_levels("\n".join(lines[:count]).encode())[-1][0]
        assert (tree.size, before.size, before.root()) == (count, count - 1, root)
