"""The results of a replay, read from the database."""

import hashlib
import resource
import sys
from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection

SCORES_SQL = """
select count(*) as scored,
       percentile_cont(0.5) within group (order by abs(o.value_wei::float8 / o.price_wei::float8 - 1)) as median_ape,
       avg(abs(o.value_wei::float8 / o.price_wei::float8 - 1)) as mape,
       percentile_cont(0.5) within group (order by o.value_wei::float8 / o.price_wei::float8 - 1) as median_bias,
       percentile_cont(0.5) within group (order by abs(o.floor_wei::float8 / o.price_wei::float8 - 1))
           as floor_median_ape,
       avg(o.in80::int)::float8 as coverage80,
       avg(o.in90::int)::float8 as coverage90
from outcomes o join current_sales s using (event_seq)
where o.track = 'champion' and o.horizon = 'latest' and s.event_time >= $1 and s.event_time < $2
"""
VALID_SALES_SQL = "select count(*) from current_sales where valid and event_time >= $1 and event_time < $2"
PUBLISHED_SQL = "select values_sha256 from generations where role = 'champion' order by generation_id"
MODELS_SQL = "select artifact_sha256 from models order by registered_at, model_id"
ACTIONS_SQL = "select action, count(*) as n from decisions group by action"
LIFECYCLE_SQL = """
select decided_at, kind, action, verdict, subject_model, reason
from decisions
order by decided_at, decision_id
"""


@dataclass(frozen=True)
class Summary:
    """The figures of a replay. Errors are fractions of the sale price; times are seconds of wall clock."""

    wall_s: float
    peak_rss_mib: float
    nowcasts: int
    valid_sales: int
    scored: int
    median_ape: float | None
    floor_median_ape: float | None
    mape: float | None
    median_bias: float | None
    coverage80: float | None
    coverage90: float | None
    contenders: int
    promotions: int
    rejections: int
    shadows: int
    rollbacks: int
    values_sha256: str
    models_sha256: str
    lifecycle: tuple[str, ...]


async def summarise(connection: Connection, *, start: datetime, end: datetime, wall_s: float) -> Summary:
    """Figures of the sales in [start, end), and of the whole lifecycle."""
    scores = await connection.fetchrow(SCORES_SQL, start, end)
    assert scores is not None
    published = [row["values_sha256"] for row in await connection.fetch(PUBLISHED_SQL)]
    artifacts = [row["artifact_sha256"] for row in await connection.fetch(MODELS_SQL)]
    actions = {row["action"]: row["n"] for row in await connection.fetch(ACTIONS_SQL)}
    lifecycle = tuple(
        f"{row['decided_at']:%Y-%m-%d %H:%M} {row['kind']:8} {row['action']:12} {row['subject_model']} "
        f"({row['verdict']}) {row['reason']}"
        for row in await connection.fetch(LIFECYCLE_SQL)
    )
    return Summary(
        wall_s=round(wall_s, 1),
        peak_rss_mib=round(peak_rss_mib(), 1),
        nowcasts=len(published),
        valid_sales=await connection.fetchval(VALID_SALES_SQL, start, end),
        **scores,
        contenders=len(artifacts),
        promotions=actions.get("promote", 0),
        rejections=actions.get("reject", 0),
        shadows=actions.get("start_shadow", 0),
        rollbacks=actions.get("rollback", 0),
        values_sha256=_digest(published),
        models_sha256=_digest(artifacts),
        lifecycle=lifecycle,
    )


def peak_rss_mib() -> float:
    """Peak resident memory of this process plus its largest finished child (the fitting process), MiB."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (own + children) / unit


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
