from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.signing.log import BrokenLogError, Checkpoint, LogEntry

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
ENTRY = LogEntry(812, AT, AT + timedelta(microseconds=5), "m-0123456789abcdef", 10_000, "a" * 64, "b" * 64)
LINE = (
    "812,2026-11-30T12:00:00.000000Z,2026-11-30T12:00:00.000005Z,m-0123456789abcdef,10000," + "a" * 64 + "," + "b" * 64
)
ROOT = "A" * 43 + "="


def test_an_entry_is_one_line_that_reads_back() -> None:
    assert ENTRY.line() == LINE
    assert LogEntry.parse(LINE) == ENTRY


def test_an_entry_is_the_same_in_every_time_zone() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    moved = LogEntry(812, AT.astimezone(there), ENTRY.published_at.astimezone(there), *list(vars(ENTRY).values())[3:])
    assert moved.line() == LINE


@pytest.mark.parametrize(
    "line",
    ["", LINE + "\n", LINE + ",", "0" + LINE, LINE.replace("812", "８１２"), LINE.replace("Z", "+00:00"),
     LINE.replace("11-30", "13-30"), LINE.upper(), LINE.replace("m-", "m-\n")],
)  # fmt: skip
def test_what_is_no_entry_is_refused(line: str) -> None:
    with pytest.raises(BrokenLogError, match="no entry of the log"):
        LogEntry.parse(line)


def test_a_checkpoint_is_that_of_the_specification() -> None:
    # The example of https://c2sp.org/tlog-checkpoint.
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == text
    assert Checkpoint.parse(text + "an extension\n") == checkpoint


@pytest.mark.parametrize(
    "text",
    ["", "o\n", "o\n1\n", "o\n1\nAAAA\n", f"o\n01\n{ROOT}\n", f"o\n-1\n{ROOT}\n", f"o\n١\n{ROOT}\n", f"\n1\n{ROOT}\n"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BrokenLogError, match="no checkpoint"):
        Checkpoint.parse(text)
