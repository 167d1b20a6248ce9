"""The command line: one typer app, its commands in one module per concern."""

from __future__ import annotations

import typer

from lab.backtest.command import backtest_command
from lab.demo.command import demo
from lab.drill.command import drill_command
from lab.evaluation.command import evaluate_command
from lab.policy_replay.command import policy_replay
from lab.replay.command import replay
from services.cli import (
    database_commands,
    decision_commands,
    decode_command,
    freeze_commands,
    import_command,
    model_commands,
    operator_commands,
    policy_commands,
    serve_command,
)
from services.cli.backfill_command import backfill_command
from services.cli.explain_command import explain_command
from services.cli.export_command import export_command
from services.cli.preflight_command import preflight_command
from services.cli.verify_command import verify_command

app = typer.Typer(
    name="punkcast",
    help="An open valuation platform for CryptoPunks. Settings: environment variables PUNKCAST_…",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("migrate")(database_commands.migrate_command)
app.command("import")(import_command.import_command)
app.command("decode")(decode_command.decode_command)
app.command("export")(export_command)
app.command("backfill")(backfill_command)
app.command("explain")(explain_command)
app.command("verify")(verify_command)
app.command("status")(operator_commands.status_command)
model_commands.app.command("preflight")(preflight_command)
app.add_typer(model_commands.app, name="models")
app.add_typer(decision_commands.app, name="decisions")
policy_commands.app.command("replay")(policy_replay)
app.add_typer(policy_commands.app, name="policy")
app.add_typer(operator_commands.training, name="training")
app.command("dead-letters")(operator_commands.dead_letters_command)
app.add_typer(operator_commands.key_app, name="keys")
app.add_typer(freeze_commands.app, name="freeze")
app.command("evaluate")(evaluate_command)
app.command("backtest")(backtest_command)
app.command("replay")(replay)
app.command("demo")(demo)
app.command("drill")(drill_command)
app.command("serve")(serve_command.serve_command)
