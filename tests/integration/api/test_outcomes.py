"""Outcomes as pages and downloads, and the scorecard that follows from them."""

import asyncio
import csv
import io
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import polars as pl
import pytest
import pytest_asyncio

from services.api.outcomes import downloads
from services.api.outcomes import queries as outcomes
from services.api.turns import WAITING
from shared.database.pool import Connection
from shared.stores import sale_repository
from tests.factories.database import Database
from tests.factories.waiting import eventually
from tests.integration.api import filling, recomputed
from tests.integration.api.conftest import Served, problem, serving
from tests.integration.api.filling import NOW, Happening
from tests.plugins.postgres import fresh_pool

SALES = 160
LABELS = ("channel", "pass_through", "true_buyer", "dealer", "wrapped")


@pytest_asyncio.fixture(scope="module")
async def recorded(postgres_url: str, template_database: str) -> AsyncIterator[Served]:
    """Two models' nowcasts over ten weeks, sales of every kind of punk, one in ten excluded, scored by the ingestor's
    own statement."""
    async with fresh_pool(postgres_url, template=template_database, purpose="outcomes") as database:
        await database.run(fill)
        async with serving(database) as served:
            yield served


async def fill(connection: Connection) -> None:
    draw = random.Random(11)
    await filling.fill_punks(connection, 60)
    models = [await filling.fill_model(connection, number, champion=number == 1) for number in (1, 2)]
    for step in range(35, 0, -1):
        await filling.publish(
            connection,
            models[step < 15],
            as_of=NOW - timedelta(days=2 * step),
            value=lambda punk, _: filling.FLOOR_WEI * (100 + punk * punk // 9) // 100 + draw.randrange(10**18),
        )
    happenings = []
    for number in range(SALES):
        punk = draw.randrange(60)
        worth = 40 * (100 + punk * punk // 9) / 100
        hours, price = 24 * 69 * (1 - number / SALES), worth * draw.uniform(0.85, 1.2)
        exclusion = "far_below_floor" if number % 10 == 3 else None
        happenings.append(Happening("sale", punk, hours, price, "0x1", "0x2", exclusion))
    await filling.happen(connection, *happenings)
    await connection.execute("update sales set kind = 'accept_bid' where punk_id % 3 = 0")
    # Those of an older release have no labels.
    await connection.execute(
        """update sales
           set channel = case when kind = 'accept_bid' then 'accepted_bid' when punk_id % 3 = 1 then 'directed_ask'
                         else 'public_ask' end,
               pass_through = punk_id % 4 = 1, true_buyer = '0x3', dealer = punk_id % 5 = 2, wrapped = punk_id % 7 = 3
           where event_seq % 11 > 0"""
    )
    seqs = [row["event_seq"] for row in await connection.fetch("select event_seq from sales")]
    await sale_repository.score(connection, seqs, at=NOW)


async def downloaded(served: Served, **query: str) -> list[dict[str, Any]]:
    answer = await served.client.get("/v1/outcomes", params={"format": "csv", **query})
    assert answer.status_code == 200
    return recomputed.outcome_rows(answer.content)


@pytest.mark.parametrize("horizon", ["latest", "24h", "7d"])
@pytest.mark.parametrize("exclusions", ["true", "false"])
async def test_the_scorecard_is_what_its_rows_say(recorded: Served, horizon: str, exclusions: str) -> None:
    rows = await downloaded(recorded, exclusions=exclusions)
    document = await recorded.json("/v1/performance", params={"horizon": horizon, "exclusions": exclusions})
    assert document["by_horizon"][horizon]["champion"]["n"] > 100
    assert document["by_horizon"][horizon]["last_sale"]["n"] > 20
    assert len(document["by_model"]) == 2
    assert document["excluded_sales"] == SALES // 10
    recomputed.assert_same(recomputed.scorecard(rows, horizon), recomputed.flattened(document))


async def test_a_window_and_a_model_are_the_same_in_both(recorded: Served) -> None:
    filters = {"start": (NOW - timedelta(days=30)).isoformat(), "end": NOW.isoformat(), "model_id": filling.model_id(2)}
    rows = await downloaded(recorded, **filters)
    document = await recorded.json("/v1/performance", params=filters)
    assert 0 < document["by_horizon"]["latest"]["champion"]["n"] < SALES
    recomputed.assert_same(recomputed.scorecard(rows, "latest"), recomputed.flattened(document))


async def test_each_sale_has_its_labels_and_a_channel_selects_its_sales(recorded: Served) -> None:
    rows = await downloaded(recorded, exclusions="false")
    labelled = [tuple(row[name] for name in LABELS) for row in rows]
    assert (None,) * len(LABELS) in labelled
    assert {row["true_buyer"] for row in rows} == {"0x3", None}
    for channel in ("public_ask", "directed_ask", "accepted_bid"):
        expected = [row for row in rows if row["channel"] == channel]
        assert {row["pass_through"] for row in expected} == {row["dealer"] for row in expected} == {True, False}
        assert await downloaded(recorded, exclusions="false", channel=channel) == expected
        paged = await recorded.items("/v1/outcomes", exclusions="false", channel=channel, limit=70)
        assert [tuple(row[name] for name in LABELS) for row in paged] == [
            tuple(row[name] for name in LABELS) for row in expected
        ]
    assert problem(await recorded.client.get("/v1/outcomes?channel=handshake")) == (422, "invalid-input")


async def test_the_scorecard_follows_when_sales_get_their_labels(
    served: Served, database: Database, model: str
) -> None:
    async with database.connection() as connection:
        await filling.publish(connection, model, as_of=NOW - timedelta(hours=3))
        await filling.happen(connection, Happening("sale", 6, 1, 50.0, "0x1", "0x2"))
        [seq] = [row["event_seq"] for row in await connection.fetch("select event_seq from sales where punk_id = 6")]
        await sale_repository.score(connection, [seq], at=NOW)

    async def groups() -> list[str]:
        document = await served.json("/v1/performance")
        return [group["name"] for name in ("by_channel", "by_dealer", "by_pass_through") for group in document[name]]

    assert "unlabelled" in await groups()
    await database.execute(
        """update sales set channel = 'directed_ask', pass_through = true, true_buyer = '0x3', dealer = false,
           wrapped = false"""
    )
    assert await groups() == ["directed_ask", "no_dealer", "pass_through"]


async def test_the_baseline_knows_no_sale_after_the_publication(recorded: Served) -> None:
    """Recomputed row by row: the last valid sale of the punk before the nowcast's instant."""
    rows = [row for row in await downloaded(recorded) if row["horizon"] == "24h"]
    seen = 0
    for row in rows:
        earlier = [
            one
            for one in await downloaded(recorded, horizon="latest")
            if one["punk_id"] == row["punk_id"] and str(one["sold_at"]) < str(row["published_at"])
        ] if seen < 5 and row["last_sale_wei"] is not None else []  # fmt: skip
        if earlier:
            seen += 1
            newest = max(earlier, key=lambda one: str(one["sold_at"]))
            assert int(str(row["last_sale_wei"])) == int(str(newest["price_wei"]))  # the floor did not move
    assert seen == 5


async def test_all_formats_hold_the_same_rows(recorded: Served) -> None:
    lines = await downloaded(recorded, exclusions="false")
    assert len(lines) == len({(row["event_seq"], row["horizon"]) for row in lines}) > 3 * 140
    assert any(not row["valid"] for row in lines)
    as_csv = await recorded.client.get("/v1/outcomes?exclusions=false", headers={"Accept": "text/csv"})
    assert as_csv.headers["content-type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(as_csv.text)))
    assert [row["price_wei"] for row in table] == [row["price_wei"] for row in lines]
    assert [row["valid"] for row in table] == [str(row["valid"]).lower() for row in lines]
    parquet = await recorded.client.get(
        "/v1/outcomes?exclusions=false", headers={"Accept": "application/vnd.apache.parquet"}
    )
    assert pl.read_parquet(io.BytesIO(parquet.content)).to_dicts() == lines
    paged = await recorded.items("/v1/outcomes", exclusions="false", limit=100)
    assert [(row["event_seq"], row["horizon"], row["price"]["wei"]) for row in paged] == [  # type: ignore[index]
        (row["event_seq"], row["horizon"], row["price_wei"]) for row in lines
    ]


async def test_downloads_read_a_page_at_a_time(recorded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await downloaded(recorded)
    monkeypatch.setattr(downloads, "PAGE", 7)
    assert await downloaded(recorded) == whole
    monkeypatch.setattr(downloads, "LARGEST_PARQUET", 20)
    refused = await recorded.client.get("/v1/outcomes?format=parquet")
    assert refused.status_code == 422
    assert "narrow" in refused.json()["detail"]


async def test_no_rows_are_an_empty_file(unchanging: Served) -> None:
    assert (await unchanging.client.get("/v1/outcomes?format=csv")).text == ",".join(downloads.COLUMNS) + "\r\n"
    parquet = await unchanging.client.get("/v1/outcomes?format=parquet")
    assert pl.read_parquet(io.BytesIO(parquet.content)).columns == list(downloads.COLUMNS)


async def test_a_format_that_outcomes_lack_is_not_acceptable(unchanging: Served) -> None:
    answer = await unchanging.client.get("/v1/outcomes", headers={"Accept": "image/png"})
    assert problem(answer) == (406, "not-acceptable")


async def test_performance_is_computed_once_for_many_who_ask(recorded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    honest = outcomes.scored

    async def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        return await honest(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(outcomes, "scored", counted)
    path = "/v1/performance?start=2025-04-01T00:00:00Z"
    answers = await asyncio.gather(*(recorded.client.get(path) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert asked == 1


async def test_spans_with_the_same_sales_are_one_computation_and_the_rest_wait_in_a_short_queue(
    recorded: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    release = asyncio.Event()
    honest = outcomes.scored

    async def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        await release.wait()
        return await honest(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(outcomes, "scored", counted)

    async with serving(recorded.database, database_timeout_s=60) as served:

        def performance(**filters: str) -> asyncio.Task[httpx.Response]:
            return asyncio.create_task(served.client.get("/v1/performance", params=filters))

        same = [performance(start=f"2020-04-01T00:00:{second:02}Z") for second in range(20)]
        await eventually(lambda: asked == 1)
        others = [performance(model_id=f"m-{number:016x}") for number in range(30)]
        done, _ = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        assert {problem(one.result()) for one in done} == {(503, "busy")}
        release.set()
        answers = [await one for one in (*same, *others)]
        assert [answer.status_code for answer in answers[:20]] == [200] * 20
        refused = [answer for answer in answers if answer.status_code != 200]
        assert len(refused) == 30 - WAITING
        assert {(*problem(answer), answer.headers["retry-after"]) for answer in refused} == {(503, "busy", "5")}
        assert asked == 1 + WAITING


async def test_an_excluded_sale_that_was_moved_stays_with_its_first_nowcast(
    served: Served, database: Database, model: str
) -> None:
    async with database.connection() as connection:
        before = await filling.publish(connection, model, as_of=NOW - timedelta(hours=3))
        await filling.publish(connection, model, as_of=NOW - timedelta(hours=1))
        for hours in (2, 0.5):  # The same transaction, orphaned and then mined again later.
            await connection.execute("update market_events set superseded_at = $1", NOW)
            await connection.execute("update sales set superseded_at = $1", NOW)
            sale = Happening("sale", 6, hours, 20.0, "0x1", "0x2", exclusion="far_below_floor")
            await filling.happen(connection, sale)
    rows = await downloaded(served, exclusions="false")
    assert [row["generation_id"] for row in rows if row["horizon"] == "latest"] == [before]
