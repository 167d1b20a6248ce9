import pytest

from services.api.negotiation import Format, chosen
from services.api.problems import NotAcceptableError


@pytest.mark.parametrize(
    ("accept", "named", "expected"),
    [
        (None, None, "json"),
        ("", None, "json"),
        ("*/*", None, "json"),
        ("text/csv", None, "csv"),
        ("TEXT/CSV; header=present", None, "csv"),
        ("text/*", None, "csv"),
        ("text/csv;q=0.5, application/json;q=0.4", None, "csv"),
        ("text/html, application/xhtml+xml, */*;q=0.8", None, "json"),
        ("application/json;q=0, */*", None, "csv"),
        ("application/*;q=0.2, text/csv;q=0.1", None, "json"),
        ("text/csv;q=nonsense", None, "csv"),
        ("image/png", "parquet", "parquet"),
    ],
)
def test_what_is_chosen(accept: str | None, named: Format | None, expected: str) -> None:
    assert chosen(accept, named) == expected


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "*/*;q=0", "text", ",", "a" * 5000])
def test_what_cannot_be_answered_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptableError):
        chosen(accept, None)
