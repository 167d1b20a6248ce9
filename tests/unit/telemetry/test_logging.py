import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.settings import Settings
from shared.telemetry.logging import _QUIET, _SILENCED, configure


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers = root.handlers[:]
    levels = {logger: logger.level for logger in (root, *map(logging.getLogger, (*_SILENCED, *_QUIET)))}
    yield
    root.handlers[:] = handlers
    for logger, level in levels.items():
        logger.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_json_line_has_service_time_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json"), "nowcaster")
    structlog.get_logger("ours").info("published", generation=7)
    logging.getLogger("theirs").warning("careful: %s", "hot")
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["generation"], ours["level"]) == ("published", 7, "info")
    assert (theirs["event"], theirs["level"]) == ("careful: hot", "warning")
    assert ours["service"] == theirs["service"] == "nowcaster"
    assert str(ours["timestamp"]).endswith("Z")


def test_context_variables_are_on_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json"), "nowcaster")
    with structlog.contextvars.bound_contextvars(message_id="m1"):
        structlog.get_logger().info("inside")
        logging.getLogger("library").error("inside too")
    structlog.get_logger().info("outside")
    assert [line.get("message_id") for line in lines(capsys)] == ["m1", "m1", None]


def test_an_exception_is_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json"), "nowcaster")
    try:
        raise ValueError("wrong row")
    except ValueError:
        structlog.get_logger().exception("failed")
    [line] = lines(capsys)
    assert "wrong row" in json.dumps(line)


def test_the_setting_decides_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json", log_level="warning"), "nowcaster")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_the_brokers_client_library_is_silenced(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json"), "nowcaster")
    logging.getLogger("aio_pika.robust_connection").error("Reconnect attempt failed", exc_info=OSError("away"))
    logging.getLogger("aiormq.connection").critical("gone")
    assert lines(capsys) == []


def test_a_console_line_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="console"), "nowcaster")
    structlog.get_logger().info("published", generation=7)
    text = capsys.readouterr().err
    assert "published" in text
    assert "generation=7" in text
