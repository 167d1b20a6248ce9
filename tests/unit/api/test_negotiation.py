import pytest

from services.api.negotiation import Format, chosen
from services.api.problems import NotAcceptableError

JSON = (None, "", "*/*", "text/html, application/xhtml+xml, */*;q=0.8", "application/*;q=0.2, text/csv;q=0.1")
CSV = ("text/csv", "TEXT/CSV; header=present", "text/*", "text/csv;q=nonsense")
CSV_BY_QUALITY = ("text/csv;q=0.5, application/json;q=0.4", "application/json;q=0, */*")


@pytest.mark.parametrize(
    ("accept", "named", "expected"),
    [
        *((accept, None, "json") for accept in JSON),
        *((accept, None, "csv") for accept in CSV + CSV_BY_QUALITY),
        ("image/png", "parquet", "parquet"),
    ],
)
def test_what_is_chosen(accept: str | None, named: Format | None, expected: str) -> None:
    assert chosen(accept, named) == expected


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "*/*;q=0", "text", ",", "a" * 5000])
def test_what_cannot_be_answered_is_refused(accept: str) -> None:
    with pytest.raises(NotAcceptableError):
        chosen(accept, None)
