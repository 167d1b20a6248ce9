"""The summary of a run, for the terminal."""

from collections import Counter
from statistics import median

from tests.chaos.run import Aftermath
from tests.chaos.supervisor import RANDOM

COLUMNS = (RANDOM, "before-commit", "after-commit", "after-publish")
COUNTS_SQL = """
select (select count(*) from market_events) as events,
       (select count(*) from sales where valid) as valid_sales,
       (select count(*) from outcomes where track = 'champion' and horizon = 'latest') as scored,
       (select count(*) from generations) as generations,
       (select count(*) from training_requests where status = 'succeeded') as trained,
       (select sum(attempts) from training_requests) as tries,
       (select count(*) from decisions) as decisions,
       (select count(*) from model_pointer_history) as swaps,
       (select count(*) from inbox) as handled
"""


async def table(left: Aftermath) -> list[str]:
    """Kills and recoveries per service, and the work done in the meantime."""
    lines = [f"{'SIGKILL at':<12}" + "".join(f"{name:>16}" for name in (*COLUMNS, "serving again"))]
    total: Counter[str] = Counter()
    for name, one in left.supervisor.kept.items():
        causes = Counter(death.cause for death in one.deaths)
        total += causes
        again = f"{median(one.recoveries_s):.1f} s" if one.recoveries_s else "-"
        lines.append(f"{name:<12}" + "".join(f"{causes[cause]:>16}" for cause in COLUMNS) + f"{again:>16}")
    lines.append(f"{'all':<12}" + "".join(f"{total[cause]:>16}" for cause in COLUMNS))
    [counts] = await left.rows(COUNTS_SQL)
    sent = left.sent
    lines += [
        "",
        f"{total.total()} kills, {left.broken_lines} broker connections broken at once, "
        f"{left.broken_backends} database connections broken within 3 s",
        f"sent {sent.deliveries} messages, {sent.duplicates} of them duplicates, {len(sent.malformed)} malformed; "
        f"handled {counts['handled']} once each, {len(left.dead)} dead",
        f"{counts['events']:,} events, {counts['valid_sales']:,} valid sales, {counts['scored']} scored, "
        f"{counts['generations']} generations",
        f"{counts['trained']} trainings in {counts['tries']} tries, {counts['decisions']} decisions, "
        f"{counts['swaps']} champions in turn",
        "seconds: " + ", ".join(f"{phase} {at:.0f}" for phase, at in left.phases.items()) + f", all {left.wall_s:.0f}",
    ]
    return lines
