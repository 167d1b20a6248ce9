"""Whole generations: formats, compression, the past, and proofs."""

import gzip
import hashlib
import io
from datetime import timedelta

import polars as pl
import pytest
from pydantic import TypeAdapter

from services.api.nowcasts.schemas import NowcastDocument, ProofDocument
from services.api.paging import Page
from services.api.punks.schemas import ColumnsDocument
from services.api.schemas import GenerationDocument
from services.cli.verification.documents import judge
from tests.factories.database import Database
from tests.factories.view import read
from tests.integration.api import filling
from tests.integration.api.conftest import Served, problem, serving
from tests.integration.api.filling import Happening

ALICE, BOB = ("0x" + digit * 40 for digit in "ab")
CURRENT = "/v1/nowcasts/current"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("text/html, */*;q=0.1", "application/json"),
    ],
)
async def test_the_client_chooses_the_format(unchanging: Served, accept: str, kind: str) -> None:
    answer = await unchanging.client.get(CURRENT, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.headers["punkcast-generation"] == "1"
    assert answer.headers["punkcast-age-seconds"] == "0"
    head = await unchanging.client.head(CURRENT, headers={"Accept": accept})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])


async def test_formats_say_the_same(unchanging: Served) -> None:
    document = await unchanging.document(NowcastDocument, CURRENT)
    wei = [punk.value.wei for punk in document.punks]
    csv = (await unchanging.client.get(f"{CURRENT}?format=csv")).content
    assert hashlib.sha256(csv.partition(b"\n")[2]).hexdigest() == document.generation.values_sha256
    assert pl.read_csv(csv, schema_overrides={"value_wei": pl.String})["value_wei"].to_list() == wei
    parquet = (await unchanging.client.get(f"{CURRENT}?format=parquet")).content
    assert pl.read_parquet(io.BytesIO(parquet))["value_wei"].to_list() == wei


async def test_a_format_we_lack_is_406(unchanging: Served) -> None:
    refused = await unchanging.client.get(CURRENT, headers={"Accept": "image/png"})
    assert problem(refused) == (406, "not-acceptable")
    assert "text/csv" in refused.json()["detail"]


async def test_a_long_answer_is_compressed_for_who_accepts_it(whole: Served) -> None:
    for path in (CURRENT, f"{CURRENT}?format=csv", "/v1/punks/columns"):
        plain = await whole.client.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        async with whole.client.stream("GET", path, headers={"Accept-Encoding": "br, gzip;q=0.8"}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) == len(raw) < len(plain.content) / 2
        assert gzip.decompress(raw) == plain.content
        assert answer.headers["etag"] != plain.headers["etag"], "other bytes, another strong tag"
        assert "Accept-Encoding" in answer.headers["vary"]
        again = await whole.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        refusing = await whole.client.get(path, headers={"Accept-Encoding": "gzip;q=0, identity"})
        assert refusing.content == plain.content


async def test_all_punks_in_columns_fit_into_300_kilobytes(whole: Served) -> None:
    async with whole.client.stream("GET", "/v1/punks/columns", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert len(raw) < 300_000
    found = read(ColumnsDocument, gzip.decompress(raw))
    columns = found.columns
    assert found.count == 10_000
    assert {len(getattr(columns, name)) for name in vars(columns)} == {10_000}
    assert found.types[columns.type[2] or 0] == "Zombie"
    assert [found.traits[place] for place in columns.traits[42]] == ["Hoodie", "Beanie"]
    assert columns.value_eth[777] == pytest.approx(filling.value_wei(777) / 10**18, rel=1e-5)


async def test_generations_are_listed_and_each_can_be_read(database: Database, model: str) -> None:
    numbers = [
        await database.run(filling.publish, model, as_of=filling.NOW - timedelta(hours=5 - hour), shift=hour)
        for hour in range(5)
    ]
    async with serving(database, generations_kept=2) as served:
        await served.until_shown(numbers[-1])
        pages = await served.pages("/v1/nowcasts", limit=2)
        listed = [page.items for page in TypeAdapter(list[Page[GenerationDocument]]).validate_python(pages)]
        assert [item.generation_id for items in listed for item in items] == numbers[::-1]
        for hour, number in enumerate(numbers):
            one = await served.document(NowcastDocument, f"/v1/nowcasts/{number}")
            assert one.generation.generation_id == number
            assert one.punks[7].value.wei == str(filling.value_wei(7, hour))


async def test_what_readers_saw_at_an_instant(database: Database, model: str) -> None:
    async with database.connection() as connection:
        early = await filling.publish(connection, model, as_of=filling.NOW - timedelta(hours=2))
        late = await filling.publish(connection, model, as_of=filling.NOW - timedelta(hours=1), shift=9)
        await filling.happen(
            connection,
            Happening("claim", 7, 90, buyer=ALICE),
            Happening("listed", 7, 3, 50, ALICE),
            Happening("sale", 7, 0.5, 50, ALICE, BOB),
        )
    async with serving(database) as served:
        await served.until_shown(late)
        then = {"as_of": (filling.NOW - timedelta(minutes=90)).isoformat()}
        assert (await served.json(CURRENT, params=then))["generation"]["generation_id"] == early
        punk = await served.json("/v1/punks/7", params=then)
        assert punk["generation"]["generation_id"] == early
        assert (punk["ask"]["price"]["eth"], punk["owner"], punk["last_sale"]) == (50.0, ALICE, None)
        assert punk["discount"] == pytest.approx(1 - 50 / punk["value"]["eth"], abs=1e-6)
        assert "punkcast explain" in punk["unexplained"]
        market = await served.json("/v1/market", params=then)
        assert (market["floor"]["punk_id"], market["asks"]) == (7, 1)
        assert (await served.json("/v1/market"))["floor"] is None
        now = await served.json("/v1/punks/7")
        assert (now["ask"], now["owner"]) == (None, BOB)
        for path in (CURRENT, "/v1/punks/7", "/v1/market"):
            before = {"as_of": (filling.NOW - timedelta(days=1)).isoformat()}
            assert (await served.client.get(path, params=before)).status_code == 404
            ahead = {"as_of": (filling.NOW + timedelta(days=1)).isoformat()}
            assert (await served.client.get(path, params=ahead)).status_code == 422
            assert (await served.client.get(path, params={"as_of": "2025-06-01T12:00"})).status_code == 422


async def test_a_standby_models_generation_was_never_published(served: Served, model: str) -> None:
    hidden = await served.database.run(
        filling.publish, model, as_of=filling.NOW - timedelta(hours=1), role="shadow", move=False
    )
    answer = await served.client.get(f"/v1/nowcasts/{hidden}")
    assert answer.status_code == 404
    assert "never published" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("number", "status"), [("999", 404), ("0", 422), ("-1", 422), ("latest", 422), ("9" * 30, 422)]
)
async def test_a_generation_that_is_not_there(unchanging: Served, number: str, status: int) -> None:
    assert (await unchanging.client.get(f"/v1/nowcasts/{number}")).status_code == status
    assert (await unchanging.client.get(f"/v1/nowcasts/{number}/proof/1")).status_code == status


async def test_values_that_were_removed_are_gone(database: Database, model: str) -> None:
    early = await database.run(filling.publish, model, as_of=filling.NOW - timedelta(hours=1))
    late = await database.run(filling.publish, model)
    await database.run(filling.remove_values, early)
    async with serving(database) as served:
        await served.until_shown(late)
        for path in (f"/v1/nowcasts/{early}", f"/v1/nowcasts/{early}/proof/3"):
            answer = await served.client.get(path)
            assert problem(answer) == (410, "generation-gone")


@pytest.mark.parametrize("generation", ["1", "current"])
async def test_every_value_can_be_proved(unchanging: Served, generation: str) -> None:
    root = (await unchanging.json("/v1/nowcasts"))["items"][0]["merkle_root"]
    for punk in (0, 31, 59):
        answer = await unchanging.client.get(f"/v1/nowcasts/{generation}/proof/{punk}")
        found = read(ProofDocument, answer.content)
        assert found.line.startswith(f"{punk},{filling.value_wei(punk)},")
        assert judge(answer.json(), trusted_root=root).holds
    assert (await unchanging.client.get(f"/v1/nowcasts/{generation}/proof/60")).status_code == 404
    assert judge(await unchanging.json(CURRENT), trusted_root=root).holds


async def test_values_that_lost_their_root_are_not_proved(database: Database, model: str) -> None:
    broken = await database.run(filling.publish, model, merkle_root="0" * 64)
    async with serving(database) as served:
        await served.until_shown(broken)
        answer = await served.client.get(f"/v1/nowcasts/{broken}/proof/3")
    assert problem(answer) == (500, "integrity")
