import pytest

from shared.errors import InvalidInputError
from shared.market.reference_data import packaged_punks
from shared.sources.ethereum.punk_traits import punks_frame

DESCRIPTIONS = {
    0: "Female 2, Earring, Blonde Bob, Green Eye Shadow",
    1: "Male 1, Smile, Mohawk",
    2: "Zombie, Cigarette",
    3: "Alien",
    4: "Ape, Knitted Cap",
    5: "Female 3, Do-rag, 3D Glasses",
}


def described(**changed: str) -> list[str]:
    named = DESCRIPTIONS | {int(name[1:]): text for name, text in changed.items()}
    return [named.get(punk, "Male 4") for punk in range(10_000)]


def test_type_skin_and_accessories_are_read() -> None:
    assert punks_frame(described(), "contract").head(7).rows() == [
        (0, "Female", "Mid", ["Earring", "Blonde Bob", "Green Eye Shadow"]),
        (1, "Male", "Dark", ["Smile", "Mohawk"]),
        (2, "Zombie", None, ["Cigarette"]),
        (3, "Alien", None, []),
        (4, "Ape", None, ["Knitted Cap"]),
        (5, "Female", "Light", ["Do-rag", "3D Glasses"]),
        (6, "Male", "Albino", []),
    ]


@pytest.mark.parametrize("text", ["", "Male", "Male 5, Smile", "Female, Smile", "Zombie 1", "Robot", "Male 1, , Smile"])
def test_what_describes_no_punk_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="contract"):
        punks_frame(described(p7=text), "contract")


def test_fewer_than_all_punks_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="expected all 10000 punks"):
        punks_frame(described()[:9_999], "contract")


def test_the_packaged_punks_come_out_of_their_descriptions() -> None:
    numbers = {None: "", "Dark": " 1", "Mid": " 2", "Light": " 3", "Albino": " 4"}
    texts = [", ".join([kind + numbers[skin], *worn]) for _, kind, skin, worn in packaged_punks().iter_rows()]
    assert punks_frame(texts, "contract").equals(packaged_punks())
