import json
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
import tomli_w

from shared.evaluation.policy import PolicyError, differences, load_policy, parse_policy, stored_policy

TEXT = files("shared.evaluation").joinpath("policy.toml").read_text()
KNOBS = [(section, knob) for section, body in tomllib.loads(TEXT).items() if isinstance(body, dict) for knob in body]


@pytest.mark.parametrize(("section", "knob"), KNOBS)
def test_an_unset_threshold_is_an_error_that_names_it(section: str, knob: str) -> None:
    policy = tomllib.loads(TEXT)
    del policy[section][knob]
    with pytest.raises(PolicyError, match=rf"{section}\.{knob}"):
        parse_policy(tomli_w.dumps(policy))


def test_the_hash_follows_the_values_not_the_text() -> None:
    policy = load_policy()
    assert parse_policy(TEXT + "\n# a comment\n").policy_hash == policy.policy_hash
    assert parse_policy(TEXT.replace("0.0025", "0.0026")).policy_hash != policy.policy_hash


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_policy().version = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (TEXT, "[", "not TOML"),
        ("[shadow]", "[shadow]\nmaximum = 3", r"shadow\.maximum"),
        ("margin = 0.0025", "margin = -1", "margin"),
        ("margin = 0.0025", "margin = nan", "margin"),
        ("max_bias = 0.02", 'max_bias = "low"', "max_bias"),
        ("bias_resolution = 0.04", "bias_resolution = 0.01", "bias_resolution lies within max_bias"),
        ("coverage_resolution = 0.10", "coverage_resolution = 0.01", "coverage_resolution lies within"),
        ("max_p99 = 0.15", "max_p99 = 0.02", "max_p99 lies below max_mean"),
        ("grid_low = 0.02", "grid_low = 0.9", "grid_low lies above grid_high"),
        ("target_sales = 240", "target_sales = 100", "target_sales lies below min_sales"),
        ('mode = "automatic"', 'mode = "sometimes"', r"promotion\.mode"),
        ('owner = "operator"', 'owner = ""', r"inconclusive\.owner"),
    ],
)
def test_nonsense_and_thresholds_that_contradict_each_other_are_errors(before: str, after: str, named: str) -> None:
    assert before in TEXT
    with pytest.raises(PolicyError, match=named):
        parse_policy(TEXT.replace(before, after))


def test_a_policy_reads_back_from_the_body_that_its_hash_is_over() -> None:
    policy = load_policy()
    assert stored_policy(policy.body).policy_hash == policy.policy_hash
    with pytest.raises(PolicyError, match=r"watch\.margin"):
        stored_policy(policy.body.replace('"margin":0.0,', "", 1))


def test_a_policy_of_version_3_keeps_its_hash_and_starts_the_services_without_the_later_section() -> None:
    """Decisions name it by that hash, and a file of one's own outlives the release that it was written for."""
    old = load_policy(Path(__file__).parent / "policy_version_3.toml")
    assert old.policy_hash == "ff5123af2eb34cf553d2760a0899b9ffcbbe1742440387b9a47778e349b0f554"
    assert stored_policy(old.body) == old
    assert old.unsupported_champion is None
    knobs = [knob for knob, _, _ in differences(json.loads(old.body), json.loads(load_policy().body))]
    later = [f"unsupported_champion.{knob}" for knob in ("margin", "min_published", "tolerates")]
    assert knobs == [*later, "version"]


def test_a_policy_of_version_4_lacks_no_section() -> None:
    policy = tomllib.loads(TEXT)
    del policy["unsupported_champion"]
    with pytest.raises(PolicyError, match="unsupported_champion is unset"):
        parse_policy(tomli_w.dumps(policy))


def test_a_policy_of_ones_own_is_read_from_a_file_and_named_in_errors(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(TEXT)
    assert load_policy(own) == load_policy()
    own.write_text("version = 2")
    with pytest.raises(PolicyError, match=r"own\.toml: .*holdout"):
        load_policy(own)
    own.write_bytes(b"\xff")
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(own)


def test_differences_name_each_knob_with_both_values() -> None:
    old = {"version": 1, "a": {"x": 1, "y": 2}}
    new = {"version": 1, "a": {"x": 1, "y": 3}, "b": {"z": "w"}}
    assert differences(old, new) == [("a.y", 2, 3), ("b.z", None, "w")]
    assert differences(old, old) == []
