"""The timeline of models, gathered from the tables that say what happened; and the paths of sequential tests."""

from collections.abc import Sequence
from datetime import datetime

from services.api.lifecycle.schemas import EValuePath, EValuePoint, LifecycleEvent
from shared.database.pool import Connection

# Every part is small (a few rows a day at most) and has the same columns. `id` is unique in the timeline and stable.
TIMELINE_SQL = """
with happened as (
    select 'training_requested:' || request_id as id, requested_at as at, 'training_requested' as kind,
           'training was requested: ' || reason as summary, null as model_id, null as other_model_id,
           null::uuid as decision_id, request_id, requested_by as actor, null as verdict, null as severity
    from training_requests
    union all
    select 'training_' || status || ':' || request_id, finished_at, 'training_' || status,
           case status when 'succeeded' then 'training made ' || coalesce(model_id, 'a model')
                       when 'failed' then 'training failed: ' || coalesce(error, 'no reason was kept')
                       else 'the training request was cancelled' end,
           model_id, null, null, request_id, null, null, null
    from training_requests
    where finished_at is not null and status in ('succeeded', 'failed', 'cancelled')
    union all
    select 'contender_registered:' || model_id, registered_at, 'contender_registered',
           model_id || ' was registered, trained on ' || training_rows || ' sales', model_id, parent_model, null,
           training_request, null, null, null
    from models
    union all
    select 'decided:' || decision_id, decided_at,
           case kind when 'confirm' then 'confirmed' when 'operator' then 'operator_decided' else 'gate_decided' end,
           reason, subject_model, champion_model, decision_id, null, actor, verdict, null
    from decisions
    where kind <> 'rollback'
    union all
    select 'pointer:' || h.generation, h.moved_at,
           case d.action when 'rollback' then 'rolled_back' else 'promoted' end,
           h.model_id || case when d.action = 'rollback' then ' is champion again, instead of ' || d.subject_model
                              when h.previous_model_id is null then ' is the first champion'
                              else ' became champion, after ' || h.previous_model_id end,
           case d.action when 'rollback' then d.subject_model else h.model_id end,
           case d.action when 'rollback' then h.model_id else h.previous_model_id end,
           h.decision_id, null, d.actor, d.verdict, null
    from model_pointer_history h join decisions d using (decision_id)
    union all
    select 'shadow_started:' || s.model_id, d.decided_at, 'shadow_started',
           s.model_id || ' runs as a shadow beside the champion', s.model_id, d.champion_model, s.decision_id, null,
           d.actor, null, null
    from shadows s join decisions d using (decision_id)
    union all
    select 'shadow_ended:' || model_id, ended_at, 'shadow_ended', 'the shadow ' || model_id || ' ended: ' || outcome,
           model_id, champion_id, null, null, null, null, null
    from shadows
    where ended_at is not null
    union all
    select 'frozen:' || freeze_id, starts_at, 'frozen', 'promotions were frozen: ' || reason, null, null, null, null,
           actor, null, null
    from freezes
    union all
    select 'unfrozen:' || freeze_id, lifted_at, 'unfrozen', 'the freeze was lifted', null, null, null, null, lifted_by,
           null, null
    from freezes
    where lifted_at is not null
    union all
    select 'alert:' || alert_id, raised_at, 'alert', summary, model_id, null, decision_id, null, null, null, severity
    from alerts
)
select id, at, kind, summary, model_id, other_model_id, decision_id, request_id, actor, verdict, severity
from happened
where ($1::text[] is null or kind = any($1))
  and ($2::text is null or model_id = $2 or other_model_id = $2)
  and ($3::timestamptz is null or (at, id) < ($3, $4::text))
order by at desc, id desc
limit $5
"""
# A test that restarts (a reorganisation, another champion) continues under a longer name: the last one counts.
TESTS_SQL = """
with watched as (
    select 'promotion' as kind, 'promotion:' || promotion_id as name, model_id, previous_model_id as other_model_id,
           state, started_at, ended_at
    from promotions
    union all
    select 'shadow', 'shadow:' || s.model_id || ':', s.model_id, s.champion_id,
           coalesce(s.outcome, 'running'), s.started_at, s.ended_at
    from shadows s
)
select w.kind, w.model_id, w.other_model_id, w.state, w.started_at, w.ended_at, t.test_id, t.n as steps
from watched w
join lateral (
    select test_id, n from monitor_tests t
    where starts_with(t.test_id, w.name)
    order by t.updated_at desc, t.test_id desc
    limit 1
) t on true
where ($1::text is null or w.model_id = $1) and ($2::text is null or w.kind = $2)
order by w.started_at desc, t.test_id
limit $3
"""
# Every k-th step, and always the last one.
POINTS_SQL = """
select step_no as step, at, difference, e_worse, e_better
from monitor_steps
where test_id = $1 and (step_no % $2 = 0 or step_no = $3)
order by step_no
"""


async def timeline(
    connection: Connection,
    *,
    kinds: Sequence[str] | None,
    model_id: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[LifecycleEvent]:
    """Newest first, behind the key `before`."""
    chosen = list(kinds) if kinds else None
    rows = await connection.fetch(TIMELINE_SQL, chosen, model_id, *(before or (None, None)), limit)
    return [LifecycleEvent(**row) for row in rows]


async def paths(
    connection: Connection,
    *,
    model_id: str | None,
    kind: str | None,
    threshold: float,
    max_points: int,
    limit: int,
) -> list[EValuePath]:
    """The tests that took a step, newest first, each thinned evenly to at most `max_points` with the last one."""
    found = []
    for row in await connection.fetch(TESTS_SQL, model_id, kind, limit):
        every = max(1, -(-row["steps"] // (max_points - 1)))
        points = await connection.fetch(POINTS_SQL, row["test_id"], every, row["steps"])
        found.append(EValuePath(**row, threshold=threshold, points=[EValuePoint(**point) for point in points]))
    return found
