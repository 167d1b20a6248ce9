"""10,000 made-up punks with attributes as rare as the real ones', and what each is worth over the floor."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.reference_data import PUNK_COUNT, PUNK_SCHEMA

Floats = npt.NDArray[np.float64]

TYPE_COUNTS: Final = {"Male": 6039, "Female": 3840, "Zombie": 88, "Ape": 24, "Alien": 9}
ACCESSORY_COUNTS: Final = (8, 333, 3560, 4501, 1420, 166, 11, 1)
"""How many punks have 0, 1, … 7 accessories."""
SKIN_SHARES: Final = {"Albino": 0.1018, "Light": 0.3006, "Mid": 0.3031, "Dark": 0.2945}

ACCESSORIES: Final[dict[str, dict[str, int]]] = {
    "head": {
        "Beanie": 44, "Pilot Helmet": 54, "Tiara": 55, "Orange Side": 68, "Pigtails": 94,
        "Pink With Hat": 95, "Top Hat": 115, "Blonde Short": 129, "Wild White Hair": 136,
        "Cowboy Hat": 142, "Wild Blonde": 144, "Straight Hair Blonde": 144, "Half Shaved": 147,
        "Blonde Bob": 147, "Red Mohawk": 147, "Vampire Hair": 147, "Clown Hair Green": 148,
        "Straight Hair Dark": 148, "Straight Hair": 151, "Dark Hair": 157, "Purple Hair": 165,
        "Tassle Hat": 178, "Fedora": 186, "Police Cap": 203, "Cap Forward": 254, "Hoodie": 259,
        "Do-rag": 300, "Shaved Head": 300, "Peak Spike": 303, "Cap": 351, "Headband": 406,
        "Crazy Hair": 414, "Knitted Cap": 419, "Mohawk Dark": 429, "Mohawk": 441, "Mohawk Thin": 441,
        "Frumpy Hair": 442, "Wild Hair": 447, "Messy Hair": 460, "Stringy Hair": 463, "Bandana": 481,
    },
    "eyes": {
        "Welding Goggles": 86, "3D Glasses": 286, "Eye Mask": 293, "VR": 332, "Small Shades": 378,
        "Eye Patch": 461, "Classic Shades": 502, "Regular Shades": 527, "Big Shades": 535,
        "Horned Rim Glasses": 535, "Nerd Glasses": 572,
    },
    "make-up": {
        "Purple Eye Shadow": 262, "Blue Eye Shadow": 266, "Green Eye Shadow": 271, "Clown Eyes Green": 382,
        "Clown Eyes Blue": 384,
    },
    "beard": {
        "Big Beard": 146, "Front Beard Dark": 260, "Handlebars": 263, "Front Beard": 273, "Chinstrap": 282,
        "Luxurious Beard": 286, "Mustache": 288, "Normal Beard Black": 289, "Normal Beard": 292, "Goat": 295,
        "Muttonchops": 303, "Shadow Beard": 526,
    },
    "mouth": {"Medical Mask": 175, "Vape": 272, "Pipe": 317, "Cigarette": 961},
    "lips": {"Black Lipstick": 617, "Purple Lipstick": 655, "Hot Lipstick": 696},
    "expression": {"Buck Teeth": 78, "Smile": 238, "Frown": 261},
    "neck": {"Choker": 48, "Silver Chain": 156, "Gold Chain": 169},
    "face": {"Spots": 124, "Rosy Cheeks": 128, "Mole": 644},
    "nose": {"Clown Nose": 212},
    "ear": {"Earring": 2459},
}  # fmt: skip
"""By place on the head (a punk has at most one of each), with how many of the real punks have it."""

_TYPE_PREMIUM: Final = {"Male": 0.0, "Female": 0.015, "Zombie": 2.4, "Ape": 3.1, "Alien": 3.9}
_SOUGHT: Final = {
    "Beanie": 0.9, "Pilot Helmet": 0.7, "Tiara": 0.5, "Hoodie": 0.55, "3D Glasses": 0.25, "VR": 0.2,
    "Top Hat": 0.25, "Orange Side": 0.45, "Welding Goggles": 0.5, "Choker": 0.5, "Cowboy Hat": 0.2,
    "Gold Chain": 0.15,
}  # fmt: skip
_COUNT_PREMIUM: Final = (1.3, 0.12, 0.0, 0.0, 0.0, 0.06, 0.6, 1.9)


def draw_punks(rng: np.random.Generator) -> tuple[pl.DataFrame, Floats]:
    """The punks (`PUNK_SCHEMA`) and the true log premium of each over the cheapest kind, shape (10,000,)."""
    types = rng.permutation(np.repeat(list(TYPE_COUNTS), list(TYPE_COUNTS.values())))
    human = np.isin(types, ("Male", "Female"))
    skins = rng.choice(list(SKIN_SHARES), size=PUNK_COUNT, p=list(SKIN_SHARES.values()))
    counts = rng.permutation(np.repeat(np.arange(len(ACCESSORY_COUNTS)), ACCESSORY_COUNTS))
    worn = _draw_accessories(rng, counts)

    worth = {
        name: _SOUGHT.get(name, 0.0) + 0.12 * max(0.0, np.log(400 / held)) * rng.uniform(0.3, 1.0)
        for place in ACCESSORIES.values()
        for name, held in place.items()
    }
    premium = np.array([_TYPE_PREMIUM[kind] for kind in types])
    premium += np.take(_COUNT_PREMIUM, counts) + 0.03 * (human & (skins == "Albino"))
    premium += [sum(worth[name] for name in names) for names in worn]
    # What makes one punk dearer than its traits say, and only its own history tells.
    premium += rng.exponential(0.025, PUNK_COUNT)

    frame = pl.DataFrame(
        {
            "punk_id": np.arange(PUNK_COUNT),
            "type": types.tolist(),
            "skin": [skin if is_human else None for skin, is_human in zip(skins.tolist(), human, strict=True)],
            "accessories": worn,
        },
        schema=PUNK_SCHEMA,
    )
    return frame, premium


def _draw_accessories(rng: np.random.Generator, counts: npt.NDArray[np.int64]) -> list[list[str]]:
    places = list(ACCESSORIES.values())
    weights = np.array([sum(place.values()) for place in places], dtype=np.float64)
    # The k smallest of exponential variables with these rates are k places drawn without replacement.
    order = np.argsort(rng.exponential(size=(PUNK_COUNT, len(places))) / weights, axis=1)
    items = [
        rng.choice(list(place), size=PUNK_COUNT, p=np.array(list(place.values())) / weight)
        for place, weight in zip(places, weights, strict=True)
    ]
    return [
        [str(items[place][punk]) for place in sorted(row[:count].tolist())]
        for punk, (row, count) in enumerate(zip(order, counts.tolist(), strict=True))
    ]
