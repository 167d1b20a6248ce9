"""`punkcast models`: the registry, and promotion, rollback and quarantine by a person."""

from __future__ import annotations

import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from services.cli.context import Actor, Json, Limit, cell, on_database, on_platform, print_json, show, show_documents
from shared.database.pool import Connection
from shared.errors import ConflictError, NotFoundError
from shared.evaluation.policy import Policy, differences, load_policy
from shared.messaging.transaction import Transaction, originating
from shared.registry import card, decisions, lineage, models, pointer
from shared.registry.decisions import DecisionDocument
from shared.registry.lineage import Lineage
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.registry.operations import Act, Done
    from shared.registry.shadows import ShadowDocument
    from shared.runtime.platform import Platform

SOURCE = "cli"
INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
ModelArgument = Annotated[str, typer.Argument(help="Like m-0123456789abcdef.")]
Reason = Annotated[str, typer.Option(help="Why; recorded with the decision.")]
Expected = Annotated[
    int | None, typer.Option("--expect-generation", min=0, help="Refuse if the model pointer has another generation.")
]


def list_command(
    state: Annotated[str | None, typer.Option(help="Only models in this state, like champion.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Models, newest first."""
    show_documents(
        on_database(lambda connection, _: models.listing(connection, state=state, limit=limit)),
        as_json,
        ("model", "state", "registered", "data until", "rows", "parent"),
        attrgetter("model_id", "state", "registered_at", "data_cutoff", "training_rows", "parent_model"),
        nothing="no models yet; `punkcast training request --reason …` asks for one",
    )


def show_command(
    model_id: ModelArgument,
    as_card: Annotated[bool, typer.Option("--card", help="The model card, in Markdown.")] = False,
) -> None:
    """Everything recorded about one model, as JSON, or its card."""
    if as_card:
        typer.echo(on_database(lambda connection, _: card.of(connection, model_id)), nl=False)
    else:
        print_json(on_database(lambda connection, _: lineage.document(connection, model_id)))


def diff_command(old: ModelArgument, new: ModelArgument) -> None:
    """The recorded differences between two models; exit code 1 if there are any."""

    async def load(connection: Connection, _: datetime) -> list[dict[str, Any]]:
        return [(await models.get(connection, model_id)).model_dump(mode="json") for model_id in (old, new)]

    rows = differences(*on_database(load))
    show(Console(), ("what", old, new), rows, nothing="the same model")
    raise typer.Exit(1 if rows else 0)


def lineage_command(model_id: ModelArgument, as_json: Json = False) -> None:
    """A model's origin, its descendants, and the decisions about it."""

    async def load(connection: Connection, _: datetime) -> tuple[Lineage, list[DecisionDocument]]:
        return await lineage.of(connection, model_id), await decisions.of_model(connection, model_id)

    document, decided = on_database(load)
    if as_json:
        print_json(document)
        return
    console = Console()
    if (request := document.request) is not None:
        console.print(
            f"requested {cell(request.requested_at)} by {cell(request.requested_by)}: {cell(request.reason)}",
            soft_wrap=True,
            markup=False,
        )
    show(
        console,
        ("model", "state", "registered", "data until", "code", "training snapshot", "file"),
        [
            (
                m.model_id,
                m.state,
                m.registered_at,
                m.data_cutoff,
                m.git_sha[:12],
                m.training_snapshot[:12],
                m.artifact_sha256[:12],
            )
            for m in (*reversed(document.children), *document.line)
        ],
        nothing="",
    )
    show(
        console,
        ("decided", "decision", "action", "actor", "reason"),
        [(d.decided_at, str(d.decision_id)[:8], d.action, d.actor, d.reason) for d in decided],
        nothing="nothing was decided about it yet",
    )


def champion_command(
    at: Annotated[datetime | None, typer.Option(formats=INSTANTS, help="Instant (UTC); default: now.")] = None,
    as_json: Json = False,
) -> None:
    """The champion, now or at an instant."""

    instant = None if at is None else at.replace(tzinfo=UTC)
    champion = on_database(lambda connection, now: pointer.champion_at(connection, instant or now))
    if champion is None:
        raise NotFoundError("there was no champion then; `punkcast models list` shows what there is now")
    if as_json:
        print_json(champion)
        return
    typer.echo(
        f"{champion.model_id} since {cell(champion.moved_at)}, pointer generation {champion.generation}, "
        f"decision {champion.decision_id}"
    )


def shadows_command(
    ended: Annotated[bool, typer.Option("--all", help="Also list ended shadows.")] = False,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Contenders that value every punk next to the champion, and the progress of their tests."""

    async def load(connection: Connection, now: datetime) -> list[ShadowDocument]:
        from shared.registry import shadows

        return await shadows.progress(connection, at=now, ended=ended, limit=limit)

    most = load_policy(Settings().policy_file).shadow.max_sales
    show_documents(
        on_database(load),
        as_json,
        ("shadow", "against", "state", "sales", "E not worse", "E worse", "age", "expires"),
        lambda s: (
            s.model_id,
            s.champion_id,
            s.outcome or "running",
            f"{s.sales} of {most}",
            s.e_not_worse,
            s.e_worse,
            f"{s.age_days:.1f} days",
            s.expires_at,
        ),
        nothing="no shadow is running; --all shows those that ended",
    )


def promote_command(
    model_id: ModelArgument,
    reason: Reason,
    actor: Actor = None,
    expected: Expected = None,
    override: Annotated[
        bool,
        typer.Option("--override", help="Promote even if it was rejected or rolled back; the decision records this."),
    ] = False,
) -> None:
    """Make a judged contender, a shadow or a former champion the champion, even during a freeze or a cool-down."""

    async def promote(transaction: Transaction, act: Act, policy: Policy) -> Done:
        from shared.registry import operations

        return await operations.promote(transaction, act, policy, override=override)

    _act(promote, model_id, reason, actor, expected, "promoted")


def rollback_command(
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="Model to restore; default: the previous champion.")] = None,
    actor: Actor = None,
    expected: Expected = None,
) -> None:
    """Roll back to the previous champion, or to another retired model."""
    at = on_database(lambda connection, _: pointer.read(connection))
    if at is None:
        raise NotFoundError("there is no champion to roll back")

    async def roll_back(transaction: Transaction, act: Act, policy: Policy) -> Done:
        from shared.registry import operations

        return await operations.roll_back(transaction, act, policy, to=to)

    # By default the champion just read falls, and no newer one.
    _act(roll_back, at.model_id, reason, actor, at.generation if expected is None else expected, "rolled back")


def quarantine_command(model_id: ModelArgument, reason: Reason, actor: Actor = None) -> None:
    """Exclude a model permanently."""

    async def quarantine(transaction: Transaction, act: Act, policy: Policy) -> Done:
        from shared.registry import operations

        return await operations.quarantine(transaction, act, policy)

    _act(quarantine, model_id, reason, actor, None, "put into quarantine")


def _act(
    carry_out: Callable[[Transaction, Act, Policy], Awaitable[Done]],
    model_id: str,
    reason: str,
    actor: str | None,
    expected: int | None,
    done: str,
) -> None:
    async def run(platform: Platform) -> Done:
        from shared.registry.operations import Act

        act = Act(model_id, actor or getpass.getuser(), reason, platform.clock.now(), expected)
        policy = load_policy(platform.settings.policy_file)
        async with originating(platform.database, platform.clock, source=SOURCE) as transaction:
            return await carry_out(transaction, act, policy)

    result = on_platform(run)
    if isinstance(result.outcome, pointer.Stale):
        raise ConflictError(
            f"the model pointer is at generation {result.outcome.actual}, not {result.outcome.expected}: somebody "
            "moved it; look at `punkcast models champion` and decide again"
        )
    typer.echo(f"{model_id} {done}: decision {result.decision_id}")
