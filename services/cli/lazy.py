"""Commands from a table. A command's module is imported when the command runs, so the help is quick."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

# Markup would import rich, which takes longer than the rest of the help.
_PLAIN: Final[Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "add_completion": False,
    "context_settings": {"max_content_width": 120},
}


@dataclass(frozen=True)
class Group:
    """Commands by name, each a "module:function" or a further group. `alone` runs when no command is given."""

    help: str
    commands: Mapping[str, str | Group]
    alone: str | None = None


def application(group: Group) -> typer.Typer:
    """An application with the commands of the group whose packages are installed."""
    commands = {name: _Deferred(name, entry) for name, entry in group.commands.items() if _installed(entry)}

    class Deferring(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings | {"commands": commands})

    alone = group.alone is not None
    app = typer.Typer(cls=Deferring, help=group.help, no_args_is_help=not alone, invoke_without_command=alone, **_PLAIN)
    app.callback()(_nothing if group.alone is None else _function(group.alone))
    return app


class _Deferred(TyperCommand):
    """Stands for a command in the help; it becomes the command when its arguments are parsed."""

    def __init__(self, name: str, entry: str | Group) -> None:
        super().__init__(name)
        self._entry = entry

    def get_short_help_str(self, limit: int = 45) -> str:
        """The whole text, whatever the limit."""
        return self._entry.help if isinstance(self._entry, Group) else _summary(self._entry)

    def make_context(self, *arguments: Any, **settings: Any) -> typer.Context:
        context: typer.Context = self.load().make_context(*arguments, **settings)
        return context

    def load(self) -> Any:
        """The command itself."""
        if isinstance(self._entry, Group):
            app = application(self._entry)
        else:
            app = typer.Typer(**_PLAIN)
            app.command(self.name)(_function(self._entry))
        return typer.main.get_command(app)


def _nothing() -> None:
    pass


def _function(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def _summary(target: str) -> str:
    """The first paragraph of the function's docstring, read from its source to avoid the import."""
    module, _, name = target.partition(":")
    spec = find_spec(module)
    assert spec is not None, target
    assert spec.origin is not None, target
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    texts = (ast.get_docstring(node) for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    return " ".join((next(texts) or "").partition("\n\n")[0].split())


def _installed(entry: str | Group) -> bool:
    return isinstance(entry, Group) or find_spec(entry.partition(".")[0]) is not None
