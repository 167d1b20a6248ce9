"""Texts from outside as PostgreSQL can store them."""

STORED_LENGTH = 2000


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL refuses, and at most `STORED_LENGTH` characters long."""
    return text.replace("\x00", "")[:STORED_LENGTH]
