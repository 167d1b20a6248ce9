"""`punkcast decisions`: the decisions with their reasons, and a check of each against its evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from services.cli.context import Json, Limit, cell, on_database, on_platform, print_json, show, show_documents
from shared.errors import InvalidInputError
from shared.registry import decisions

if TYPE_CHECKING:
    from shared.registry.audit import Finding
    from shared.runtime.platform import Platform

Model = Annotated[str | None, typer.Option(help="Only decisions about this model.")]
FIELDS = {
    "decision": "decision_id", "decided": "decided_at", "kind": "kind", "model": "subject_model",
    "champion": "champion_model", "verdict": "verdict", "action": "action", "actor": "actor", "reason": "reason",
    "pointer": "expected_generation", "policy": "policy_hash", "evidence": "evidence_hash", "owner": "owner",
    "expires": "expires_at",
}  # fmt: skip


def decisions_command(context: typer.Context, model: Model = None, limit: Limit = 20, as_json: Json = False) -> None:
    """Promotions, rejections and rollbacks, newest first, each with its reason."""
    if context.invoked_subcommand is None:
        list_command(model, limit, as_json)


def list_command(model: Model = None, limit: Limit = 20, as_json: Json = False) -> None:
    """Decisions, newest first, each with its reason."""
    show_documents(
        on_database(lambda connection, _: decisions.listing(connection, model_id=model, limit=limit)),
        as_json,
        ("decided", "decision", "kind", "model", "verdict", "action", "actor", "reason"),
        lambda d: (
            (d.decided_at, str(d.decision_id)[:8], d.kind, d.subject_model, d.verdict, d.action, d.actor, d.reason)
        ),
        nothing="no decisions yet",
    )


def show_command(
    decision: Annotated[str, typer.Argument(help="Id or its prefix.")],
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Print the exact evidence text, and nothing else.")
    ] = False,
    as_json: Json = False,
) -> None:
    """One decision with its checks: estimate, interval, n, threshold and verdict of each."""
    document = on_database(lambda connection, _: decisions.find(connection, decision))
    if evidence:
        typer.echo(document.evidence_text)
        return
    if as_json:
        print_json(document)
        return
    console = Console()
    for label, field in FIELDS.items():
        console.print(f"{label:9} {cell(getattr(document, field))}", soft_wrap=True, highlight=False, markup=False)
    show(
        console,
        ("check", "verdict", "estimate", "from", "to", "n", "threshold", "detail"),
        [tuple(dict(check).values()) for check in document.checks],
        nothing="no checks: it rests on the facts in its evidence",
    )


def verify_command(
    decision: Annotated[str | None, typer.Argument(help="Id or its prefix.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All decisions.")] = False,
    with_files: Annotated[
        bool, typer.Option("--files", help="Also rebuild a gate's evidence from archived snapshots and model files.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Judge stored evidence again. Exit code 1 if any decision differs."""
    if (decision is None) == (not every):
        raise InvalidInputError("say which decision to verify, or --all")

    async def look(platform: Platform) -> list[Finding]:
        from shared.registry import audit

        async with platform.database.connection() as connection:
            # By the stored id, because a tampered decision has another computed id.
            ids = [key for key in await audit.identities(connection) if str(key).startswith((decision or "").lower())]
            findings = [await audit.verify(connection, key) for key in ids]
        return await _against_files(platform, findings) if with_files else findings

    findings = on_platform(look)
    if decision is not None and not findings:
        raise InvalidInputError(f"no decision {decision}…; see `punkcast decisions`")
    wrong = [finding for finding in findings if finding.problems]
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "verified": len(findings) - len(wrong),
                    "wrong": [
                        {"decision_id": str(f.decision.decision_id), "problems": list(f.problems)} for f in wrong
                    ],
                }
            )
        )
    else:
        for finding in wrong:
            for problem in finding.problems:
                typer.echo(f"{finding.decision.decision_id} of {finding.decision.subject_model}: {cell(problem)}")
        typer.echo(f"{len(findings) - len(wrong)} of {len(findings)} decisions come out the same, byte for byte")
    raise typer.Exit(1 if wrong else 0)


async def _against_files(platform: Platform, findings: list[Finding]) -> list[Finding]:
    from shared.evaluation.policy import load_policy
    from shared.registry.evidence.gathering import EvidenceGatherer
    from shared.registry.evidence.recheck import recheck
    from shared.stores.market_reader import MarketReader

    gatherer = EvidenceGatherer(
        database=platform.database,
        store=platform.store,
        reader=MarketReader(),
        clock=platform.clock,
        threads=platform.settings.threads,
        max_latency_s=load_policy(platform.settings.policy_file).infra.max_latency_s,
    )
    return [
        replace(finding, problems=(*finding.problems, *await recheck(platform.database, gatherer, finding.decision)))
        for finding in findings
    ]
