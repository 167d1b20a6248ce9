"""What a text from outside may contain, and how an older one is shown.

Control, format and direction characters, invisible ones, and lone surrogates change what a reader sees. A terminal
obeys them, and two names that look alike differ.
"""

import unicodedata
from typing import Final

_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters without a width that Unicode counts among letters, marks and symbols."""


def plain(text: str) -> str:
    """The text itself. Raises ValueError, which names the character that readers cannot see."""
    for place, character in enumerate(text):
        if _hides(character):
            raise ValueError(f"leave out the character U+{ord(character):04X} at place {place}: readers cannot see it")
    return text


def printable(text: str) -> str:
    """The text with each such character escaped (`\\u202e`), so that printing it is safe."""
    return "".join(_escaped(character) if _hides(character) else character for character in text)


def _hides(character: str) -> bool:
    return not " " <= character <= "~" and (unicodedata.category(character) in _CATEGORIES or character in _INVISIBLE)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
