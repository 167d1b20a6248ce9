import pytest
from pydantic import ValidationError

from shared.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_level", "LOUD"),
        ("log_format", "xml"),
        ("api_port", "0"),
        ("probe_port", "65536"),
        ("threads", "0"),
        ("training_timeout_s", "inf"),
        ("training_lease_s", "0"),
        ("shutdown_grace_s", "-1"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"PUNKCAST_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


@pytest.mark.parametrize("level", ["debug", "INFO", "Warning"])
def test_levels_may_be_written_in_any_case(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNKCAST_LOG_LEVEL", level)
    assert Settings().log_level == level
