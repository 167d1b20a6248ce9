"""What is left of a run, by value: two runs with the same history are equal, whatever failed on the way."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.messaging.topology import AUDIT
from tests.chaos.crash_points.doors import said
from tests.chaos.crash_points.world import World

TABLES_SQL = """
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition order by relname
"""
FREE: Final[Mapping[str, Sequence[str]]] = {
    # How often something was tried, and when it went well, are facts of the run and not of the market.
    "training_requests": ("attempts", "started_at", "finished_at", "lease_token", "lease_until", "error"),
    "webhook_deliveries": ("attempts", "delivered_at", "error"),
    "webhooks": ("failing_since", "failures", "last_delivered_at", "last_status", "taken_until", "proven_at"),
    "webhook_rates": ("busy_until",),
    "archives": ("archived_at",),
}
BY_ID: Final = ("inbox", "outbox")
"""Ids of messages are drawn; these tables are compared by what the messages say."""
INBOX_SQL = "select consumer, type, message_id from inbox"
OUTBOX_SQL = "select body from outbox"
DRAWN_SQL = """
select request_id, 'request ' || reason from training_requests
union all
select delivery_id, 'challenge of ' || webhook_id from webhook_deliveries where event = 'webhook.challenge'
"""
TABLE_SQL = "select (to_jsonb(t) - $1::text[])::text from {table} t"
HASH_SQL = "select format('%s rows with hash %s', count(*), sum(hash_record_extended(t, 0)::numeric)) from {table} t"
AS_OF_SQL = """
select (select model_id from model_pointer_history join decisions using (decision_id)
        where decided_at <= $1 order by generation desc limit 1),
       (select max(generation_id) from generations where role = 'champion' and published_at <= $1),
       (select count(*) from outcomes where scored_at <= $1)
"""
HASHED: Final = ("nowcasts", "market_events", "punks", "offers", "sales", "eth_usd_daily", "explanations")
"""Large tables without anything of the run in them."""
NOTHING: Final = {
    "a pointer with a gap in its history": """
        select generation from (select generation, row_number() over (order by generation) as n
                                from model_pointer_history) h where generation <> n""",
    "a move that starts elsewhere than the one before ended": """
        select generation from (select *, lag(model_id) over (order by generation) as before
                                from model_pointer_history join decisions using (decision_id)) h
        where before is distinct from case action when 'rollback' then subject_model else previous_model_id end""",
    "a pointer that is not the newest move": """
        select generation from model_pointer
        except select max(generation) from model_pointer_history""",
    "more than one champion": "select count(*) from models where state = 'champion' having count(*) > 1",
    "an incomplete generation": """
        select generation_id from generations left join nowcasts using (generation_id)
        group by generation_id having count(punk_id) <> 10000""",
    "values of no generation": "select generation_id from nowcasts except select generation_id from generations",
    "a nowcast pointer to no champion's newest generation": """
        select generation_id from nowcast_pointer where generation_id <>
            (select max(generation_id) from generations where role = 'champion')""",
    "a generation that is not archived": """
        select generation_id::text from generations except select id from archives where kind = 'generation'""",
    "a sale that is scored twice": """
        select event_seq from outcomes group by event_seq, model_id, track, horizon having count(*) > 1""",
    "a score against a later publication": """
        select event_seq from outcomes o join sales using (event_seq) join generations g using (generation_id)
        where g.published_at >= event_time""",
    "an event stored twice": "select block, log_index from market_events group by 1, 2 having count(*) > 1",
    "a lease": "select request_id from training_requests where status = 'running' or lease_token is not null",
    "a row in the outbox": "select routing_key from outbox",
    "a delivery that is still due": "select delivery_id from webhook_deliveries where next_attempt_at is not null",
    "a gate's decision without evidence": """
        select decision_id from decisions where kind = 'gate' except select decision_id from gate_evidence""",
}


@dataclass(frozen=True)
class History:
    """`parts`: the rows of each table and of the other places, with their counts, as text; of large tables a hash."""

    parts: Mapping[str, Counter[Any]]


async def history_of(world: World) -> History:
    """The world now."""
    return History({name: rows async for name, rows in _parts(world)})


async def is_at(world: World, history: History) -> bool:
    """Whether the world is as it was then."""
    async for name, rows in _parts(world):
        if rows != history.parts[name]:
            return False
    return True


async def _parts(world: World) -> AsyncIterator[tuple[str, Counter[Any]]]:
    """The small and busy parts come first."""
    database, broker, objects = world.database, world.broker, world.objects
    drawn = {str(identity): name for identity, name in await database.fetch(DRAWN_SQL)}

    def counted(texts: Iterable[str]) -> Counter[str]:
        """The platform draws some ids; what has one is known by another name."""
        counts: Counter[str] = Counter()
        for text in texts:
            for identity, name in drawn.items():
                text = text.replace(identity, name)  # noqa: PLW2901
            counts[text] += 1
        return counts

    queued = ((queue, one) for queue in broker.queues.values() for one in (*queue.ready, *queue.delayed))
    yield "queues", counted(f"{queue.name}: {said(one.body)}" for queue, one in queued if queue.name != AUDIT)
    yield "outbox", counted(said(body) for (body,) in await database.fetch(OUTBOX_SQL))
    inbox = await database.fetch(INBOX_SQL)
    yield "inbox", counted(f"{consumer} {broker.sent[kind, identity]}" for consumer, kind, identity in inbox)
    yield "webhooks received", counted(f"{identity} {body}" for identity, body in set(world.receiver.got))
    files = (path for path in objects.rglob("*") if path.is_file() and not path.name.startswith(".writing-"))
    yield "objects", Counter(f"{path.relative_to(objects)}: {path.stat().st_size} bytes" for path in files)
    for (table,) in await database.fetch(TABLES_SQL):
        if table in HASHED:
            yield table, Counter([await database.fetchval(HASH_SQL.format(table=table))])
        elif table not in BY_ID:
            rows = await database.fetch(TABLE_SQL.format(table=table), list(FREE.get(table, ())))
            yield table, counted(row for (row,) in rows)


def differences(ours: History, theirs: History) -> list[str]:
    """In words, one row of each part."""
    found = []
    for name, rows in theirs.parts.items():
        for what, other in (("too much", ours.parts[name] - rows), ("missing", rows - ours.parts[name])):
            if other:
                found.append(f"{name}: {what}: {other.total()}, as {_short(str(next(iter(other))))}")
    return found


async def as_of(world: World, instant: datetime) -> Sequence[object]:
    """What the tables say of that instant: champion, nowcast shown, sales scored."""
    return tuple(await world.database.fetchrow(AS_OF_SQL, instant))


async def broken(world: World) -> list[str]:
    """The invariants that do not hold, in a world at rest."""
    found = [
        f"{what}: {_short(str(rows[0][0]))}"
        for what, query in NOTHING.items()
        if (rows := await world.database.fetch(query))
    ]
    found += world.broker.left()
    found += [f"a dead letter of {letter.consumer}: {_short(letter.reason)}" for letter in world.broker.dead]
    twice = Counter(identity for identity, _ in set(world.receiver.got))
    found += [f"two webhooks with one id: {identity}" for identity, count in twice.items() if count > 1]
    return found


def _short(text: str) -> str:
    return text if len(text) <= 400 else text[:400] + " …"
