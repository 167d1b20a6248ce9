from pathlib import Path

import pytest

from services.nowcaster import models
from services.nowcaster.models import LoadedModels
from shared.errors import IntegrityError, NotFoundError
from shared.registry import model_files
from shared.registry.model_files import UnsignedModelError
from shared.registry.models import ModelRecord
from shared.signing.notes import SigningKey, sign
from shared.storage.object_store import StoreUnavailableError
from tests.factories import registry, small_market
from tests.factories.harness import Store
from tests.factories.signing import NEXT, OURS, STRANGERS


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


async def record(store: Store, seed: int = 7) -> ModelRecord:
    model = small_market.model(seed)
    stored = await store.put("models", model.to_bytes(), extension="json")
    artifact = {"artifact_key": stored.key, "artifact_sha256": stored.sha256, "artifact_bytes": stored.size}
    return registry.record(model.model_id, small_market.END, **artifact)


async def test_a_model_is_read_from_the_store_once(store: Store) -> None:
    loaded, first = LoadedModels(store, threads=1), await record(store)
    model = await loaded.load(first)
    store.away = -1
    assert await loaded.load(first) is model
    assert store.reads == [first.artifact_key]
    assert model.to_bytes() == small_market.model().to_bytes()


async def test_the_one_that_was_not_used_for_longest_makes_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "KEPT", 2)
    loaded = LoadedModels(store, threads=1)
    one, two, three = [await record(store, seed) for seed in (7, 8, 9)]
    for wanted in (one, two, one, three, one, two):
        await loaded.load(wanted)
    assert store.reads == [wanted.artifact_key for wanted in (one, two, three, two)]


@pytest.mark.parametrize(
    ("trouble", "error"),
    [("damaged", IntegrityError), ("missing", NotFoundError), ("away", StoreUnavailableError)],
)
async def test_a_failed_load_is_tried_again(store: Store, tmp_path: Path, trouble: str, error: type[Exception]) -> None:
    loaded, wanted = LoadedModels(store, threads=1), await record(store)
    path = tmp_path / wanted.artifact_key
    body = path.read_bytes()
    if trouble == "damaged":
        path.write_bytes(body.replace(b'"seed":7', b'"seed":8'))
    elif trouble == "missing":
        path.unlink()
    else:
        store.away = 1
    with pytest.raises(error):
        await loaded.load(wanted)
    path.write_bytes(body)
    assert (await loaded.load(wanted)).seed == 7


def signed(record: ModelRecord, *keys: SigningKey) -> ModelRecord:
    notes = model_files.signatures(record.model_id, record.artifact_sha256, keys)
    return record.model_copy(update={"signatures": notes})


async def test_a_model_that_no_trusted_key_signed_is_refused_before_its_file_is_read(store: Store) -> None:
    unsigned = await record(store)
    another = signed(await record(store, 8), OURS)
    wrong = (
        unsigned,
        signed(unsigned, STRANGERS),
        unsigned.model_copy(update={"signatures": another.signatures}),
        unsigned.model_copy(update={"signatures": (sign("punkcast\n1\nAAAA\n", [OURS]), "no note at all")}),
        signed(unsigned, OURS).model_copy(update={"artifact_sha256": another.artifact_sha256}),
        signed(unsigned, OURS).model_copy(update={"model_id": another.model_id}),
    )
    loaded = LoadedModels(store, threads=1, trusted=[OURS.verifier, NEXT.verifier])
    for refused in wrong:
        with pytest.raises(UnsignedModelError, match=f"punkcast models sign {refused.model_id}"):
            await loaded.load(refused)
    assert store.reads == []
    for accepted in (signed(unsigned, OURS), signed(unsigned, STRANGERS, NEXT)):
        assert (await LoadedModels(store, threads=1, trusted=[NEXT.verifier, OURS.verifier]).load(accepted)).seed == 7


async def test_without_trusted_keys_signatures_are_not_asked_for(store: Store) -> None:
    unsigned = await record(store)
    assert (await LoadedModels(store, threads=1).load(unsigned)).seed == 7
    assert (await LoadedModels(store, threads=1).load(signed(unsigned, STRANGERS))).seed == 7
