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


def test_a_short_operator_key_is_refused_in_a_sentence_that_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNKCAST_OPERATOR_KEY", "local-operator-key")
    with pytest.raises(ValidationError, match="at least 32 characters") as refused:
        Settings()
    assert "local-operator-key" not in str(refused.value)
    monkeypatch.setenv("PUNKCAST_OPERATOR_KEY", "x" * 32)
    assert Settings().operator_key is not None
    monkeypatch.setenv("PUNKCAST_OPERATOR_KEY", "")
    assert Settings().operator_key is None
