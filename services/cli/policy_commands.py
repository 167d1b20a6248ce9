"""`punkcast policy`: the thresholds that decide about models, as data."""

import json
from pathlib import Path
from typing import Annotated

import typer

from services.cli.context import on_database, show
from shared.evaluation.policy import differences, load_policy
from shared.registry import decisions
from shared.settings import Settings

ACTIVE = "active"


def show_command(
    hash_: Annotated[
        str | None, typer.Option("--hash", help="A policy of a stored decision; default: the active policy.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The canonical text that is hashed.")] = False,
) -> None:
    """Every threshold of the active policy (PUNKCAST_POLICY_FILE, else the packaged one), or of a stored one."""
    policy_hash, body = _active() if hash_ is None else _stored(hash_)
    if as_json:
        typer.echo(body)
        return

    from rich.console import Console

    console = Console()
    console.print(f"policy {policy_hash}", soft_wrap=True, highlight=False)
    show(console, ("knob", "value"), [(knob, new) for knob, _, new in differences({}, json.loads(body))], nothing="")


def check_command(file: Annotated[Path, typer.Argument(help="A policy in TOML.")]) -> None:
    """Read a policy file; a missing, unknown or contradictory threshold is an error."""
    policy = load_policy(file)
    changed = len(differences(json.loads(_active()[1]), json.loads(policy.body)))
    typer.echo(
        f"policy {policy.policy_hash}, version {policy.version}: complete; {changed} knobs differ from the active one"
    )


def diff_command(
    old: Annotated[str, typer.Argument(help="A file, a hash or its prefix, or `active`.")],
    new: Annotated[str, typer.Argument(help="A file, a hash or its prefix, or `active`.")] = ACTIVE,
) -> None:
    """The thresholds in which two policies differ; exit code 1 if they differ."""
    from rich.console import Console

    (old_hash, left), (new_hash, right) = _named(old), _named(new)
    rows = differences(json.loads(left), json.loads(right))
    show(Console(), ("knob", old_hash[:12], new_hash[:12]), rows, nothing=f"no difference: both are {old_hash}")
    raise typer.Exit(1 if rows else 0)


def _named(name: str) -> tuple[str, str]:
    if name == ACTIVE:
        return _active()
    if Path(name).exists():
        policy = load_policy(Path(name))
        return policy.policy_hash, policy.body
    return _stored(name)


def _active() -> tuple[str, str]:
    policy = load_policy(Settings().policy_file)
    return policy.policy_hash, policy.body


def _stored(prefix: str) -> tuple[str, str]:
    stored = on_database(lambda connection, _: decisions.policy(connection, prefix))
    return stored.policy_hash, stored.body
