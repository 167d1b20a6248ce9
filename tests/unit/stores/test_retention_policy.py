from pathlib import Path

import pytest
import tomli_w

from shared.errors import InvalidInputError
from shared.stores.retention.partitions import Partition
from shared.stores.retention.policy import load_retention
from shared.stores.retention.thinning import Due, batches
from tests.factories.rows import NOW

PACKAGED = load_retention().model_dump()


def test_the_packaged_policy_is_a_month_of_every_generation_a_quarter_of_hours_and_days_for_ever() -> None:
    assert PACKAGED["nowcasts"] == {"every_days": 30, "hourly_days": 92}


@pytest.mark.parametrize(
    ("section", "key", "value", "complaint"),
    [
        ("nowcasts", "every_days", 8, "nowcasts.every_days"),
        ("nowcasts", "every_days", 30.5, "nowcasts.every_days"),
        ("nowcasts", "every_days", True, "nowcasts.every_days"),
        ("nowcasts", "hourly_days", 29, "hourly_days lies below every_days"),
        ("nowcasts", "hourly_days", None, "nowcasts.hourly_days"),
        ("nowcasts", "weekly_days", 400, "nowcasts.weekly_days"),
        ("companions", "days", 1, "companions.days"),
        ("companions", "days", "3", "companions.days"),
        ("inputs", "every_days", 0, "inputs.every_days"),
    ],
)
def test_a_policy_that_would_lose_what_is_needed_is_refused(
    tmp_path: Path, section: str, key: str, value: object, complaint: str
) -> None:
    changed = {**PACKAGED, section: {**PACKAGED[section], key: value}}
    if value is None:
        del changed[section][key]
    file = tmp_path / "kept.toml"
    file.write_text(tomli_w.dumps(changed))
    with pytest.raises(InvalidInputError, match=complaint):
        load_retention(file)


@pytest.mark.parametrize("content", [b"nowcasts = [", b"\xff\xfe", None])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "kept.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"kept\.toml.*PUNKCAST_RETENTION_FILE"):
        load_retention(file)


def test_generations_go_day_by_day_in_bounded_batches() -> None:
    days = [Due(number, "champion", NOW.date().replace(day=1 + number // 60)) for number in range(130)]
    companions = [Due(900, "shadow", NOW.date()), Due(901, "previous", NOW.date())]
    made = batches([*companions, *days])
    assert made[0] == [900, 901]
    assert [len(batch) for batch in made[1:]] == [50, 10, 50, 10, 10]
    assert [number for batch in made[1:] for number in batch] == list(range(130))


def test_a_partition_states_its_range_as_a_condition() -> None:
    assert Partition("p", None, 1500).condition == "generation_id < 1500"
    assert Partition("p", 1500, 3000).condition == "generation_id >= 1500 and generation_id < 3000"
    assert Partition("p", 1500, None).range == "from (1500) to (maxvalue)"
