"""Texts from outside are cut to what PostgreSQL stores."""

from shared.database.text import STORED_LENGTH, storable


def test_a_text_without_nul_and_of_the_stored_length_stays_as_it_is() -> None:
    text = "ä" * STORED_LENGTH
    assert storable(text) == text


def test_nul_is_dropped_before_the_text_is_cut() -> None:
    assert storable("\x00" + "a" * STORED_LENGTH + "b") == "a" * STORED_LENGTH
