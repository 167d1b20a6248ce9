"""The model card: registry row, lineage and evidence of one model as Markdown. Nothing in it is written by hand."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.contracts.texts import printable
from shared.database.pool import Connection
from shared.registry import decisions, lineage, models
from shared.registry.decisions import Check, DecisionDocument
from shared.registry.lineage import Lineage
from shared.registry.models import ModelRecord

_SCORES = (
    ("n", "sales", "{:,}"),
    ("median_ape", "median APE", "{:.2%}"),
    ("mape", "MAPE", "{:.2%}"),
    ("median_bias", "median bias", "{:+.2%}"),
    ("within_10", "within 10 %", "{:.1%}"),
    ("cod", "COD", "{:.1f}"),
    ("prd", "PRD", "{:.3f}"),
)


async def of(connection: Connection, model_id: str) -> str:
    """The card of a stored model. Raises NotFoundError: no such model."""
    record, ancestry = await models.get(connection, model_id), await lineage.of(connection, model_id)
    return render(record, ancestry, await decisions.of_model(connection, model_id))


def render(record: ModelRecord, ancestry: Lineage, decided: Sequence[DecisionDocument]) -> str:
    """The card; the same records give the same text. `decided`: every decision about the model, oldest first."""
    # The gate's own decision has checks; a later one of its kind only says that the time was over.
    gate = next((decision for decision in decided if decision.kind == "gate" and decision.checks), None)
    parts = [
        f"# Model card: {record.model_id}",
        f"State **{record.state}**, registered {_instant(record.registered_at)}.",
        "Values CryptoPunks in ETH: a fair value, the price that a valid sale now is expected to have, with 50, 80 and "
        "90 % intervals. Not a bid, not advice, and not made for single sales outside the market's rules.",
        *_section("Data", _data(record, ancestry)),
        *_section("Code and parameters", _code(record)),
        *_section("Evaluation on the hold-out", _evaluation(gate)),
        *_section("Live", _live(ancestry)),
        *_section("Decisions", _decisions(decided)),
        *_section("Limits", _limits(record, gate)),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, paragraphs: Iterable[str]) -> list[str]:
    return [f"## {title}", *paragraphs]


def _data(record: ModelRecord, ancestry: Lineage) -> list[str]:
    request = ancestry.request
    return [
        _table(
            ("what", "value"),
            [
                ("trained on sales before", _instant(record.data_cutoff)),
                ("training rows", f"{record.training_rows:,}"),
                ("training snapshot", f"`{record.training_snapshot}`"),
                ("evaluation snapshot", f"`{record.evaluation_snapshot}`"),
                ("feature schema", f"`{record.feature_schema}`"),
                ("requested", "–" if request is None else f"{request.reason}, by {request.requested_by}"),
                ("parent", record.parent_model or "–"),
                ("descends from", " ← ".join(model.model_id for model in ancestry.line[1:]) or "–"),
            ],
        )
    ]


def _code(record: ModelRecord) -> list[str]:
    rows = [
        ("file", f"`{record.artifact_key}`, {record.artifact_bytes:,} bytes, {record.artifact_format}"),
        ("SHA-256", f"`{record.artifact_sha256}`"),
        ("code", f"`{record.git_sha}`{' with uncommitted changes' if record.git_dirty else ''}"),
        ("environment", f"`{record.environment_hash}`"),
        ("XGBoost", record.xgboost_version),
        ("seed", str(record.seed)),
    ]
    return [_table(("what", "value"), rows + [(name, str(value)) for name, value in sorted(record.params.items())])]


def _evaluation(gate: DecisionDocument | None) -> list[str]:
    if gate is None:
        return ["The gate has not judged it yet."]
    cards: dict[str, dict[str, Any]] = gate.evidence.get("scorecards", {})
    names = [name for name in ("contender", "champion", "floor") if name in cards]
    scores = [
        (title, *[_score(cards[name].get(key), shape) for name in names]) for key, title, shape in _SCORES if names
    ]
    parts = [f"By decision `{gate.decision_id}` under policy `{gate.policy_hash}`: {gate.reason}."]
    if names:
        parts.append(_table(("", *names), scores))
    parts.append(
        _table(
            ("check", "verdict", "estimate", "interval", "n", "threshold"),
            [
                (c.check_name, c.verdict, _number(c.estimate), _interval(c), _score(c.n, "{:,}"), _number(c.threshold))
                for c in gate.checks
            ],
        )
    )
    return parts


def _live(ancestry: Lineage) -> list[str]:
    live, parts = ancestry.live, []
    if ancestry.reigns:
        parts.append(
            "Champion since: "
            + ", ".join(f"{_instant(move.moved_at)} (pointer generation {move.generation})" for move in ancestry.reigns)
            + "."
        )
    if live.n == 0:
        return [*parts, "No sale was scored against its values yet."]
    rows = [
        ("sales scored", f"{live.n:,}"),
        ("median APE", _score(live.median_ape, "{:.2%}")),
        ("mean absolute log error", _score(live.mean_loss, "{:.4f}")),
        ("of the floor on the same sales", _score(live.floor_loss, "{:.4f}")),
        ("80 % interval covers", _score(live.coverage80, "{:.1%}")),
        ("90 % interval covers", _score(live.coverage90, "{:.1%}")),
    ]
    return [*parts, _table(("what", "value"), rows)]


def _decisions(decided: Sequence[DecisionDocument]) -> list[str]:
    if not decided:
        return ["None yet."]
    return [
        _table(
            ("when", "kind", "action", "verdict", "by", "reason", "decision"),
            [
                (_instant(d.decided_at), d.kind, d.action, d.verdict, d.actor, d.reason, f"`{d.decision_id}`")
                for d in decided
            ],
        )
    ]


def _limits(record: ModelRecord, gate: DecisionDocument | None) -> list[str]:
    open_checks = [] if gate is None else [c for c in gate.checks if c.verdict != "pass"]
    lines = [f"- `{c.check_name}` is {c.verdict}{f' on {c.n:,} cases' if c.n else ''}." for c in open_checks]
    if record.git_dirty:
        lines.append("- Trained by code with uncommitted changes.")
    lines.append(f"- Knows nothing of sales from {_instant(record.data_cutoff)} on but the market's level.")
    lines.append(
        "- Sales outside the rules of a valid sale (wash trades, bundles, flash loans) are not what it values."
    )
    return ["\n".join(lines)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    texts = (printable(" ".join(cell.split())).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(texts)} |"


def _interval(check: Check) -> str:
    if check.interval_lo is None and check.interval_hi is None:
        return "–"
    return f"{_number(check.interval_lo)} … {_number(check.interval_hi)}"


def _score(value: float | None, shape: str) -> str:
    return "–" if value is None else shape.format(value)


def _number(value: float | None) -> str:
    return _score(value, "{:.4g}")


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
