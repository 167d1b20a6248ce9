"""After the kills: nothing is lost, duplicated or half done."""

from collections import Counter
from datetime import timedelta

import pytest

from shared.market.events import contract_keys
from shared.registry.training_requests import MOST_OPEN
from shared.sources.source import open_source
from tests.chaos.expected import expected, handled
from tests.chaos.run import LEAST_KILLS, Aftermath
from tests.chaos.supervisor import RANDOM, SERVICES

FAILPOINTS = ("before-commit", "after-commit", "after-publish")


async def test_the_kills_happened_at_random_instants_and_at_every_chosen_place(
    aftermath: Aftermath,
) -> None:
    causes = Counter(death.cause for death in aftermath.supervisor.deaths)
    assert causes.total() >= LEAST_KILLS
    assert causes[RANDOM] >= LEAST_KILLS - 30
    assert all(causes[failpoint] >= 2 for failpoint in FAILPOINTS), causes
    assert {death.service for death in aftermath.supervisor.deaths} == set(SERVICES)


async def test_only_sigkill_ended_a_service_neither_outage_did(aftermath: Aftermath) -> None:
    assert aftermath.broken_lines >= 1
    assert aftermath.broken_backends >= len(SERVICES)
    others = [d for d in aftermath.supervisor.deaths if d.cause not in (RANDOM, *FAILPOINTS)]
    assert others == [], aftermath.supervisor.tails()


async def test_every_service_came_back_after_its_last_death(aftermath: Aftermath) -> None:
    for one in aftermath.supervisor.kept.values():
        assert one.deaths and one.recoveries_s, one.service


async def test_the_services_stop_gracefully_and_leave_no_process_behind(aftermath: Aftermath) -> None:
    assert aftermath.exit_codes == dict.fromkeys(SERVICES, 0)
    assert aftermath.survivors == []


async def test_everything_settled_in_time(aftermath: Aftermath) -> None:
    assert aftermath.unsettled == [], aftermath.supervisor.tails()


async def test_no_queue_has_leftovers(aftermath: Aftermath) -> None:
    dead = next(name for name in aftermath.queues if name.endswith(".dead"))
    assert {name: count for name, count in aftermath.queues.items() if count and name != dead} == {}


async def test_the_dead_letter_queue_holds_only_unreadable_messages_with_their_reason(aftermath: Aftermath) -> None:
    assert sorted({bytes(message.body) for message in aftermath.dead}) == sorted(aftermath.sent.malformed)
    for message in aftermath.dead:
        assert str(message.headers["x-punkcast-reason"]).startswith("malformed:")
        assert message.headers["x-punkcast-service"] == "trainer"


async def test_every_consumer_handled_exactly_its_messages_once(aftermath: Aftermath) -> None:
    inbox = await handled(aftermath.connection)
    for consumer, expected_ids in (await expected(aftermath.connection, aftermath.sent)).items():
        assert inbox[consumer] == expected_ids, consumer


async def test_every_training_request_succeeded_once_or_was_merged_or_told_that_too_many_are_open(
    aftermath: Aftermath,
) -> None:
    requests = {row["request_id"]: row for row in await aftermath.rows("select * from training_requests")}
    assert {request.request_id for request in aftermath.sent.requests} - requests.keys() == set(), "lost"
    succeeded = [row for row in requests.values() if row["status"] == "succeeded"]
    reasons = Counter(row["reason"] for row in succeeded)
    assert len(reasons) >= 4
    assert all(count == 1 for count in reasons.values()), reasons
    limit = f"bus has {MOST_OPEN} open training requests, and may have {MOST_OPEN}"
    refused = {row["reason"] for row in requests.values() if limit in str(row["error"])}
    for row in requests.values():
        merged = row["status"] == "merged" and row["reason"] in reasons.keys() | refused
        assert row in succeeded or merged or row["reason"] in refused, dict(row)
    models = await aftermath.rows("select model_id, training_request from models")
    trained = {row["training_request"]: row["model_id"] for row in models}
    assert trained == {row["request_id"]: row["model_id"] for row in succeeded}
    assert len({row["model_id"] for row in models}) == len(models) == len(succeeded)


async def test_every_contender_was_judged_exactly_once(aftermath: Aftermath) -> None:
    judged = await aftermath.rows(
        """select m.model_id, m.state, count(d.decision_id) filter (where d.kind = 'gate') as gates
           from models m left join decisions d on d.subject_model = m.model_id group by 1, 2""",
    )
    assert judged
    assert all(row["gates"] == 1 and row["state"] not in ("registered", "evaluated") for row in judged), judged


async def test_there_is_one_champion_and_the_pointer_names_it(aftermath: Aftermath) -> None:
    champions = await aftermath.rows("select model_id from models where state = 'champion'")
    pointers = await aftermath.rows("select model_id from model_pointer")
    assert len(champions) == 1
    assert pointers == champions
    assert len(await aftermath.rows("select from promotions where state in ('warm_up', 'watching')")) <= 1


async def test_the_pointers_history_has_no_gap_and_every_step_starts_where_the_last_one_ended(
    aftermath: Aftermath,
) -> None:
    history = await aftermath.rows(
        """select h.generation, h.model_id, h.previous_model_id, h.decision_id, d.action, d.subject_model,
                  d.champion_model, d.expected_generation
           from model_pointer_history h join decisions d using (decision_id) order by h.generation""",
    )
    assert [row["generation"] for row in history] == list(range(1, len(history) + 1))
    assert [row["expected_generation"] for row in history] == list(range(len(history)))
    before = None
    for row in history:
        if row["action"] == "promote":
            assert (row["model_id"], row["previous_model_id"]) == (row["subject_model"], before)
        else:
            assert (row["action"], row["subject_model"], row["model_id"]) == ("rollback", before, row["champion_model"])
        before = row["model_id"]
    moves = await aftermath.rows("select decision_id from decisions where action in ('promote', 'rollback')")
    assert {row["decision_id"] for row in moves} == {row["decision_id"] for row in history}
    (pointer,) = await aftermath.rows("select generation, model_id, decision_id from model_pointer")
    assert tuple(pointer) == (history[-1]["generation"], history[-1]["model_id"], history[-1]["decision_id"])


async def test_every_generation_is_complete(aftermath: Aftermath) -> None:
    counted = await aftermath.rows(
        """select g.generation_id, g.row_count, count(n.punk_id) as n, min(n.punk_id) as first, max(n.punk_id) as last
           from generations g left join nowcasts n using (generation_id) group by 1, 2""",
    )
    assert len(counted) >= 10
    assert {tuple(row)[1:] for row in counted} == {(10_000, 10_000, 0, 9_999)}


async def test_the_nowcast_pointer_shows_the_champions_newest_generation(aftermath: Aftermath) -> None:
    (shown,) = await aftermath.rows(
        "select role, model_id, as_of from nowcast_pointer join generations using (generation_id)",
    )
    (champion,) = await aftermath.rows("select model_id from models where state = 'champion'")
    (newest,) = await aftermath.rows("select max(as_of) as as_of from generations where role = 'champion'")
    assert (shown["role"], shown["model_id"], shown["as_of"]) == ("champion", champion["model_id"], newest["as_of"])


async def test_every_publication_was_announced_on_the_bus(aftermath: Aftermath) -> None:
    champions = await aftermath.rows("select generation_id from generations where role = 'champion'")
    assert aftermath.published.keys() == {row["generation_id"] for row in champions}


async def test_redelivered_messages_caused_one_publication_each(aftermath: Aftermath) -> None:
    causes = Counter(aftermath.published.values())
    assert {cause: count for cause, count in causes.items() if count > 1} == {}


async def test_the_market_is_stored_without_a_gap_or_a_repetition(aftermath: Aftermath) -> None:
    (stored,) = await aftermath.rows(
        """select count(*) as n, max(seq) as last, count(distinct (block, log_index)) as keys, max(event_time) as until
           from market_events""",
    )
    source = open_source(f"files://{aftermath.market}")
    events = await source.fetch(None, stored["until"])
    assert contract_keys(events).n_unique() == events.height
    assert (stored["n"], stored["last"], stored["keys"]) == (events.height, events.height, events.height)
    (sales,) = await aftermath.rows("select count(*) as n from sales")
    assert sales["n"] == events["event_type"].to_list().count("sale")


async def test_each_valid_sale_since_the_first_nowcast_is_scored(aftermath: Aftermath) -> None:
    # A sale between the first generation's timestamp and its commit may be scored without it.
    from_then_on = aftermath.first_champion_at + timedelta(seconds=5)
    due = await aftermath.rows("select event_seq from sales where valid and event_time > $1", from_then_on)
    scored = await aftermath.rows("select event_seq from outcomes where track = 'champion' and horizon = 'latest'")
    assert len(due) >= 20
    assert {row["event_seq"] for row in due} <= {row["event_seq"] for row in scored}


NOTHING = {
    "is left in the outbox": "select routing_key, created_at from outbox",
    "is a gate's decision without evidence": """
        select decision_id from decisions where kind = 'gate' except select decision_id from gate_evidence""",
    "is a value of no generation": """
        select distinct generation_id from nowcasts except select generation_id from generations""",
    "is published without being archived": """
        select generation_id::text from generations except select id from archives where kind = 'generation'""",
    "is valued twice by a model in one role": """
        select model_id, as_of, role from generations group by 1, 2, 3 having count(*) > 1""",
    "is scored twice for one horizon": """
        select event_seq, horizon from outcomes where track = 'champion' group by 1, 2 having count(*) > 1""",
    "is scored though invalid, or against a later publication": """
        select o.event_seq from outcomes o join sales s using (event_seq) join generations g using (generation_id)
        where g.published_at >= s.event_time or not s.valid or o.model_id <> g.model_id""",
    "counts in a sequential test more or less than once": """
        select t.test_id, t.n, count(s.step_key) from monitor_tests t left join monitor_steps s using (test_id)
        group by 1, 2 having t.n <> count(s.step_key) or t.n <> coalesce(max(s.step_no), 0)""",
}


@pytest.mark.parametrize("query", NOTHING.values(), ids=NOTHING)
async def test_nothing(aftermath: Aftermath, query: str) -> None:
    assert await aftermath.rows(query) == []
