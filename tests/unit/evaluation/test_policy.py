from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from shared.evaluation.policy import PolicyError, load_policy, parse_policy

TEXT = files("shared.evaluation").joinpath("policy.toml").read_text()
KNOBS = [(section, knob) for section, body in tomllib.loads(TEXT).items() if isinstance(body, dict) for knob in body]


@pytest.mark.parametrize(("section", "knob"), KNOBS)
def test_an_unset_threshold_is_an_error_that_names_it(section: str, knob: str) -> None:
    lines, inside = [], ""
    for line in TEXT.splitlines():
        if line.startswith("["):
            inside = line.split("]")[0].strip("[")
        if not (inside == section and line.startswith(f"{knob} ")):
            lines.append(line)
    with pytest.raises(PolicyError, match=rf"{section}\.{knob}"):
        parse_policy("\n".join(lines))


def test_an_unknown_knob_is_an_error() -> None:
    with pytest.raises(PolicyError, match=r"shadow\.maximum"):
        parse_policy(TEXT.replace("[shadow]", "[shadow]\nmaximum = 3"))


@pytest.mark.parametrize(
    ("before", "after"),
    [("margin = 0.0025", "margin = -1"), ("margin = 0.0025", "margin = nan"), ("max_bias = 0.02", 'max_bias = "low"')],
)
def test_nonsense_is_an_error(before: str, after: str) -> None:
    with pytest.raises(PolicyError):
        parse_policy(TEXT.replace(before, after))


def test_what_is_not_toml_is_an_error() -> None:
    with pytest.raises(PolicyError, match="not TOML"):
        parse_policy("[")


def test_the_hash_follows_the_values_not_the_text() -> None:
    policy = load_policy()
    assert parse_policy(TEXT + "\n# a comment\n").policy_hash == policy.policy_hash
    assert parse_policy(TEXT.replace("0.0025", "0.0026")).policy_hash != policy.policy_hash


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_policy().version = 2  # type: ignore[misc]
