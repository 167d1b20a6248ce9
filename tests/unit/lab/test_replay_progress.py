import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from lab.replay.driver import Progress
from lab.replay.session import LINE_EVERY_PERCENT, _LogLines

BEGIN = datetime(2024, 2, 1, tzinfo=UTC)


def log_lines(*, instants: int) -> list[str]:
    text = io.StringIO()
    shown, progress = _LogLines(Console(file=text, width=200)), Progress(BEGIN)
    progress.stage = "importing history"
    shown.update(progress)
    progress.of = instants
    for done in range(1, instants + 1):
        progress.done, progress.nowcasts, progress.stage = done, done // 2, "playing"
        progress.at = BEGIN + timedelta(hours=done)
        shown.update(progress)
        shown.update(progress)
    return text.getvalue().splitlines()


def test_a_long_replay_logs_every_few_percent_and_its_end() -> None:
    lines = log_lines(instants=4_000)
    assert len(lines) == 1 + 100 // LINE_EVERY_PERCENT
    assert "importing history 2024-02-01" in lines[0]
    assert lines[-1] == "100 % playing 2024-07-16: 2,000 nowcasts, 0 sales"
    assert lines[1].startswith("  5 % playing 2024-02-09: 100 nowcasts")


def test_a_short_one_logs_each_step_once() -> None:
    assert [line.split(" %")[0].strip() for line in log_lines(instants=3)] == ["0", "33", "66", "100"]
