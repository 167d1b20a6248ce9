"""Published counts of the real collection: types, skins, accessories, and accessories per punk."""

from typing import Final

TYPE_COUNTS: Final = {"Male": 6039, "Female": 3840, "Zombie": 88, "Ape": 24, "Alien": 9}
WORN_COUNTS: Final = (8, 333, 3560, 4501, 1420, 166, 11, 1)
"""Number of punks with 0, 1, … 7 accessories."""
SKIN_COUNTS: Final = {"Albino": 1018, "Light": 3006, "Mid": 3031, "Dark": 2824}

MEN: Final = "men"
WOMEN: Final = "women"
BOTH: Final = "both"

ACCESSORIES: Final[dict[str, dict[str, dict[str, int]]]] = {
    "head": {
        MEN: {
            "Beanie": 44, "Top Hat": 115, "Cowboy Hat": 142, "Vampire Hair": 147, "Purple Hair": 165, "Fedora": 186,
            "Police Cap": 203, "Cap Forward": 254, "Hoodie": 259, "Do-rag": 300, "Shaved Head": 300, "Peak Spike": 303,
        },
        WOMEN: {
            "Pilot Helmet": 54, "Tiara": 55, "Orange Side": 68, "Pigtails": 94, "Pink With Hat": 95,
            "Blonde Short": 129, "Wild White Hair": 136, "Wild Blonde": 144, "Straight Hair Blonde": 144,
            "Half Shaved": 147, "Blonde Bob": 147, "Red Mohawk": 147, "Straight Hair Dark": 148, "Straight Hair": 151,
            "Dark Hair": 157, "Tassle Hat": 178,
        },
        BOTH: {
            "Clown Hair Green": 148, "Cap": 351, "Headband": 406, "Crazy Hair": 414, "Knitted Cap": 419,
            "Mohawk Dark": 429, "Mohawk": 441, "Mohawk Thin": 441, "Frumpy Hair": 442, "Wild Hair": 447,
            "Messy Hair": 460, "Stringy Hair": 463, "Bandana": 481,
        },
    },
    "eyes": {
        MEN: {"Small Shades": 378},
        WOMEN: {"Welding Goggles": 86},
        BOTH: {
            "3D Glasses": 286, "Eye Mask": 293, "VR": 332, "Eye Patch": 461, "Classic Shades": 502,
            "Regular Shades": 527, "Big Shades": 535, "Horned Rim Glasses": 535, "Nerd Glasses": 572,
        },
    },
    "make-up": {
        WOMEN: {"Purple Eye Shadow": 262, "Blue Eye Shadow": 266, "Green Eye Shadow": 271},
        BOTH: {"Clown Eyes Green": 382, "Clown Eyes Blue": 384},
    },
    "beard": {
        MEN: {
            "Big Beard": 146, "Front Beard Dark": 260, "Handlebars": 263, "Front Beard": 273, "Chinstrap": 282,
            "Luxurious Beard": 286, "Mustache": 288, "Normal Beard Black": 289, "Normal Beard": 292, "Goat": 295,
            "Muttonchops": 303, "Shadow Beard": 526,
        },
    },
    "mouth": {BOTH: {"Medical Mask": 175, "Vape": 272, "Pipe": 317, "Cigarette": 961}},
    "lips": {WOMEN: {"Black Lipstick": 617, "Purple Lipstick": 655, "Hot Lipstick": 696}},
    "expression": {MEN: {"Buck Teeth": 78, "Smile": 238, "Frown": 261}},
    "neck": {WOMEN: {"Choker": 48}, BOTH: {"Silver Chain": 156, "Gold Chain": 169}},
    "face": {BOTH: {"Spots": 124, "Rosy Cheeks": 128, "Mole": 644}},
    "nose": {BOTH: {"Clown Nose": 212}},
    "ear": {BOTH: {"Earring": 2459}},
}  # fmt: skip
"""Number of punks with each accessory, by place on the head (at most one accessory each) and by who can wear it.
Zombies, apes and aliens wear the accessories of men."""

NAMES: Final = tuple(name for place in ACCESSORIES.values() for kind in place.values() for name in kind)
"""All 87 accessories in the order of the table; an accessory's number is its index."""
HELD: Final = {name: count for place in ACCESSORIES.values() for kind in place.values() for name, count in kind.items()}
