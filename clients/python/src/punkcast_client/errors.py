"""The errors that both clients raise."""

from __future__ import annotations

from typing import Any

import httpx


class ProblemError(Exception):
    """The gateway answered with a problem (RFC 9457). Branch on `type` or `slug`, never on the text."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.detail = str(problem.get("detail", ""))
        self.next_step = str(problem.get("next_step", ""))
        self.errors: list[dict[str, str]] = problem.get("errors") or []
        super().__init__(f"{status} {self.slug}: {self.detail} {self.next_step}".strip())

    @property
    def slug(self) -> str:
        """The last part of the type: `bad-cursor`."""
        return self.type.rpartition("/")[2]

    @classmethod
    def of(cls, response: httpx.Response) -> ProblemError:
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        if not isinstance(problem, dict):
            problem = {}
        return cls(response.status_code, problem)


class PunkcastUnavailableError(Exception):
    """No try got an answer."""
