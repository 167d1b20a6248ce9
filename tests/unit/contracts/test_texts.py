"""Texts from outside: what readers cannot see is refused, and what is stored already is made visible."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contracts.messages import Actor, Reason, Text
from shared.contracts.texts import plain, printable

HIDDEN = {
    "\x00": r"\x00", "\x07": r"\x07", "\x1b": r"\x1b", "\n": r"\x0a", "\t": r"\x09", "\x7f": r"\x7f", "\x9b": r"\x9b",
    "\u00ad": r"\xad", "\u061c": r"\u061c", "\u115f": r"\u115f", "\u200b": r"\u200b", "\u200d": r"\u200d",
    "\u200f": r"\u200f", "\u2028": r"\u2028", "\u2029": r"\u2029", "\u202e": r"\u202e", "\u2060": r"\u2060",
    "\u2066": r"\u2066", "\u2069": r"\u2069", "\u3164": r"\u3164", "\ufeff": r"\ufeff", "\ud800": r"\ud800",
    "\U000e0041": r"\U000e0041",
}  # fmt: skip


@pytest.mark.parametrize("hidden", HIDDEN, ids=HIDDEN.values())
def test_a_character_that_nobody_sees_is_refused_in_reasons_and_names_and_escaped_in_print(hidden: str) -> None:
    text = f"a{hidden}b"
    with pytest.raises(ValueError, match=rf"U\+{ord(hidden):04X} at place 1"):
        plain(text)
    for kind in (Reason, Actor):
        with pytest.raises(ValidationError):
            TypeAdapter[str](kind).validate_python(text)
    assert printable(text) == f"a{HIDDEN[hidden]}b"


@pytest.mark.parametrize("text", ["the floor halved", "Zoë’s bot – «punks»", "価格", "سعر", "🦓", "a|b [c] \\ $"])
def test_what_people_write_is_left_alone(text: str) -> None:
    assert plain(text) == printable(text) == TypeAdapter[str](Reason).validate_python(text) == text


def test_a_text_of_the_platform_is_made_visible_because_it_may_quote_a_library() -> None:
    assert TypeAdapter[str](Text).validate_python("line 1\nline \x1b[2") == r"line 1\x0aline \x1b[2"
