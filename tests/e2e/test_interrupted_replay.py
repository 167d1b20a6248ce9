"""Killed at bad instants and started again, a replay ends as one that was never interrupted, to the byte."""

import json
import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.command import Finished, Home, end_of
from tests.e2e.conftest import Market, Played

TRAINING = "select exists (select from training_requests where status = 'running')"
RETRAINED = datetime(2024, 1, 13, tzinfo=UTC)
"""A nowcast is due, and after it a contender is trained and gated on that nowcast's snapshot."""
OUR_OWN = ("wall_s", "peak_rss_mib")


async def interrupted(home: Home, market: Market, reached: str, number: signal.Signals) -> Finished:
    """A replay gets a signal, as from a terminal with its children, once this query says true."""
    process = await home.start("replay", *market.options)
    await home.sees(reached, process)
    os.killpg(process.pid, number)
    return await end_of(process)


async def test_killed_in_both_trainings_between_publication_and_archive_and_anywhere(
    home: Home, played: Played, market: Market, tmp_path: Path
) -> None:
    # In the first training.
    await interrupted(home, market, TRAINING, signal.SIGKILL)

    # Between the publication at RETRAINED and its archive.
    assert await home.value(TRAINING)
    passed = await home.value("select count(*) from inbox")
    passage = await _publication(played.home, RETRAINED) - passed
    finished = await home.run("replay", *market.options, PUNKCAST_FAILPOINTS=f"after-commit:{passage}")
    assert finished.code == -signal.SIGKILL, finished.errors
    (newest,) = await home.rows("select * from generations order by generation_id desc limit 1")
    assert newest["published_at"] == RETRAINED
    archived = "select * from archives where kind = 'generation' and id = $1"
    assert await home.rows(archived, str(newest["generation_id"])) == []

    # In the second training.
    await interrupted(home, market, TRAINING, signal.SIGKILL)

    # Somewhere in the last day.
    await interrupted(home, market, "select cursor_at > '2024-01-13 02:00Z' from replays", signal.SIGKILL)

    (await home.run("replay", *market.options, "--json", str(tmp_path / "figures.json"))).succeeded()
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert _comparable(figures) == _comparable(played.figures)
    for question in (GENERATIONS, OUTCOMES, DECISIONS, REQUESTS, STEPS):
        assert await home.rows(question) == await played.home.rows(question)
    assert await home.rows("select * from outbox") == []


async def test_control_c_says_how_to_go_on(home: Home, market: Market) -> None:
    ended = await interrupted(home, market, TRAINING, signal.SIGINT)
    assert (ended.code, ended.errors) == (130, "")
    assert ended.output.endswith("What is done is kept: the same command resumes where this one stopped.\n")
    assert not (home.folder / "postgres" / "postmaster.pid").exists()
    assert await home.value("select count(*) from models") == 0
    assert await home.value("select count(*) from training_requests") == 1


GENERATIONS = """
select role, model_id, snapshot_id, as_of, published_at, floor_wei, values_sha256, merkle_root,
       exists (select from archives where kind = 'generation' and id = generation_id::text),
       exists (select from archives where kind = 'snapshot' and id = snapshot_id)
from generations order by published_at, role, model_id
"""
OUTCOMES = """
select event_seq, model_id, horizon, track, value_wei, price_wei, floor_wei, log_error, in50, in80, in90, scored_at
from outcomes order by event_seq, model_id, horizon
"""
DECISIONS = """
select kind, subject_model, champion_model, verdict, action, evidence_hash, reason, expected_generation, decided_at
from decisions order by decided_at, kind
"""
REQUESTS = """
select reason, status, requested_at, started_at, finished_at, attempts, model_id
from training_requests order by requested_at
"""
STEPS = "select step_key, step_no, difference, bound, e_worse, e_better, at from monitor_steps order by at, step_key"


async def _publication(home: Home, at: datetime) -> int:
    """Which of the transactions of a whole replay publishes the scheduled nowcast of that instant.

    Each handled message leaves one inbox row; the first contender's registration, which no message caused, none.
    """
    handled = await home.value("select count(*) from inbox where handled_at < $1", at)
    ingested = await home.value("select count(*) from inbox where handled_at = $1 and consumer = 'ingestor'", at)
    return handled + 1 + ingested + 1


def _comparable(figures: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in figures.items() if name not in OUR_OWN}
