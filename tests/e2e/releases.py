"""Releases of this code, each with a few edits, run as processes on one database, one broker and one object store."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.e2e.command import ROOT, Finished, end_of, spawn


class Edit(NamedTuple):
    """In this file, `old` becomes `new`; a file that is not there yet is written."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Release:
    """The code of a release, and the settings of the platform that it is deployed to."""

    folder: Path
    settings: Mapping[str, str]

    @classmethod
    def cut(cls, folder: Path, settings: Mapping[str, str], edits: tuple[Edit, ...] = ()) -> Release:
        """Copy `services` and `shared` of this checkout and edit the copy."""
        for part in ("services", "shared"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        for edit in edits:
            path = folder / edit.file
            text = path.read_text() if path.exists() else ""
            assert edit.old in text, f"{edit.file} does not say {edit.old!r} any more; update the edit"
            path.write_text(text.replace(edit.old, edit.new, 1) if edit.old else text + edit.new)
        return cls(folder, settings)

    async def command(self, *arguments: str) -> Finished:
        """Run `punkcast`."""
        return await self._run("services.cli", *arguments)

    async def work(self, *services: str) -> None:
        """Have each service do what is due, one after the other."""
        for service in services:
            (await self._run(f"services.{service}", "--once")).succeeded()

    async def tick(self, job: str) -> None:
        """Publish the tick of the current slot, as a CronJob does."""
        (await self._run("services.scheduler", "--tick", job)).succeeded()

    async def _run(self, *module: str) -> Finished:
        settings = {"COLUMNS": "200", "OMP_NUM_THREADS": "1", **self.settings}
        return await end_of(await spawn(self.folder, settings, *module))
