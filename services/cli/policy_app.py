"""`punkcast policy`: its commands are in modules of their own."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="The policy of promotion, rollback and retraining.")
