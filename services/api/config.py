"""What the gateway can be told, apart from where the database is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from shared.settings import Settings

DEFAULT_CURSOR_KEY = b"punkcast page cursors"


@dataclass(frozen=True)
class GatewayConfig:
    """Knobs of one gateway process; units are in the names."""

    operator_key: str | None = None
    """Accepted with every scope."""
    cursor_key: bytes = DEFAULT_CURSOR_KEY
    """Authenticates page cursors, the same on every replica so that any of them continues any page. A cursor
    grants nothing that a query does not: a known key only lets a client craft a position."""
    max_body_bytes: int = 64 * 1024
    poll_s: float = 5.0
    """Pointer and market are looked at this often even without a notification; also the heartbeat."""
    database_timeout_s: float = 5.0
    """A single request's question to the database, and the wait for a connection, takes no longer."""
    load_timeout_s: float = 30.0
    stale_after_s: float = 90 * 60.0
    """A nowcast older than this is served with the flag `nowcast_stale`."""
    policy_file: Path | None = None
    """What operators' acts are recorded under; default: the packaged policy."""
    generations_kept: int = 4
    """Generations in memory for readers who page through an earlier one."""

    @classmethod
    def from_settings(cls, settings: Settings) -> GatewayConfig:
        """The operator key comes from the settings; the rest keeps its default."""
        key = settings.operator_key
        return cls(operator_key=key.get_secret_value() if key else None, policy_file=settings.policy_file)


def digest(*parts: str) -> str:
    """Sixteen hexadecimal digits that stand for `parts`."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
