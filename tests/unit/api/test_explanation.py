import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from services.api.documents import encode
from services.api.view.explanation import Explanation
from services.api.view.records import PunkRow
from shared.errors import IntegrityError
from shared.valuation.explanation.stored import FLOOR_MOVE, GROUPS, NOBODY, Before, Explained
from tests.factories.explained import explained

AT = datetime(2025, 6, 1, tzinfo=UTC)
PUNKS = {
    punk: PunkRow(punk, "Ape" if punk % 2 else "Male", None if punk % 2 else "Mid", ("Hoodie",)) for punk in range(20)
}
VALUE_WEI, FLOOR_WEI = 47_123_456 * 10**12, 41 * 10**18


def fields(explained: Explained, punk: int = 3, value_wei: int = VALUE_WEI) -> dict[str, Any]:
    return Explanation(7, explained, PUNKS).fields(punk, value_wei, FLOOR_WEI)


def since(model: str, *, moved: bool) -> Explained:
    values = np.full(20, 45_000_000, dtype=np.int64)
    compared = replace(explained(20, "m"), before=Before(6, AT, model), before_value_micro_eth=values)
    if not moved:
        return compared
    return replace(compared, before_floor_eth=np.full(20, 39.0), before_moved=np.full(20 * 13, 0.01, dtype=np.float32))


def test_contributions_add_up_to_the_published_value_over_the_floor() -> None:
    found = fields(explained(20, "m"))["contributions"]
    assert found.value_eth == VALUE_WEI / 10**18
    assert sum(part.eth for part in found.parts) == pytest.approx(found.value_eth - found.floor_eth, abs=1e-9)
    assert sum(group.eth for group in found.groups) == pytest.approx(found.value_eth - found.floor_eth, abs=1e-9)
    assert all(group.meaning == GROUPS[group.group] for group in found.groups)


def test_changes_add_up_to_the_difference_of_the_published_values() -> None:
    found = fields(since("m", moved=True))["changes"]
    assert found.after.eth - found.before.eth == pytest.approx(sum(part.eth for part in found.parts), abs=1e-9)
    assert any((part.group, part.name) == FLOOR_MOVE for part in found.parts)


def test_what_is_kept_says_what_is_made() -> None:
    kept = Explanation(7, since("m", moved=True), PUNKS).encoded_fields(3, VALUE_WEI, FLOOR_WEI)
    assert encode(kept) == encode(fields(since("m", moved=True)))


def test_across_models_only_the_values_are_compared() -> None:
    found = fields(since("n", moved=False))["changes"]
    assert (found.since.model_id, found.parts) == ("n", None)
    assert (found.before.wei, found.after.wei) == (str(45 * 10**18), str(VALUE_WEI))
    assert fields(explained(20, "m"))["changes"] is None


def test_comparables_say_what_is_alike_and_what_is_not() -> None:
    sales = fields(explained(20, "m"))["comparables"]
    assert len(sales) == 8
    first = sales[0]
    assert (first.punk_id, first.type) == (4, "Male")
    assert first.shared == ["count:1", "accessory:Hoodie"]
    assert (first.lacks, first.adds) == (["type:Ape"], ["type:Male", "skin:Mid"])
    assert first.at_todays_floor_eth == pytest.approx(first.price_eth / first.floor_eth * 41.0, abs=1e-6)
    similarity = [sale.similarity for sale in sales]
    assert similarity == sorted(similarity, reverse=True)


def test_a_punk_without_comparables_has_none() -> None:
    alone = explained(20, "m")
    alone.near[:] = NOBODY
    assert fields(alone)["comparables"] == []


def test_what_an_older_release_stored_reads_back() -> None:
    body = explained(20, "m").to_bytes()
    columns = dict(np.load(io.BytesIO(body)))
    meta = json.loads(columns.pop("meta").tobytes()) | {"sold": {}}
    older = io.BytesIO()
    np.savez(older, meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8), **columns)
    assert Explained.from_bytes(older.getvalue()).to_bytes() == body


def test_damaged_bytes_are_refused() -> None:
    body = explained(20, "m").to_bytes()
    for broken in (b"", b"punk", body[:-40], body[:200]):
        with pytest.raises(IntegrityError):
            Explained.from_bytes(broken)
