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
    grants nothing that a query does not: who knows the key can craft a position in a list that he may read anyway,
    so that the default, which is no secret, opens nothing. `PUNKCAST_CURSOR_SECRET` makes it one."""
    max_body_bytes: int = 64 * 1024
    poll_s: float = 5.0
    """Pointer and market are looked at this often even without a notification; also the heartbeat."""
    database_timeout_s: float = 5.0
    """A single request's question to the database, and the wait for a connection, takes no longer."""
    load_timeout_s: float = 30.0
    stale_after_s: float = 90 * 60.0
    """A nowcast older than this is served with the flag `nowcast_stale`."""
    simulated: bool = False
    """The market is made up; readers are told so."""
    policy_file: Path | None = None
    """What operators' acts are recorded under; default: the packaged policy."""
    reading_limit: str = "off"
    writing_limit: str = "off"
    """Requests of one client, as `600/minute`; off: not counted."""
    max_streams: int = 100
    """Streams of events at a time."""
    webhooks_private: bool = False
    """Webhooks may be plain http and lead into the own network."""
    generations_kept: int = 4
    """Generations in memory for readers who page through an earlier one."""

    @classmethod
    def from_settings(cls, settings: Settings) -> GatewayConfig:
        """Secrets, policy and limits come from the settings; the rest keeps its default."""
        key = settings.operator_key
        secret = settings.cursor_secret
        return cls(
            operator_key=key.get_secret_value() if key else None,
            cursor_key=secret.get_secret_value().encode() if secret else DEFAULT_CURSOR_KEY,
            simulated=settings.source_url.startswith("simulated:"),
            policy_file=settings.policy_file,
            webhooks_private=settings.webhooks_private,
            reading_limit=settings.rate_limit,
            writing_limit=settings.write_rate_limit,
        )


def digest(*parts: str) -> str:
    """Sixteen hexadecimal digits that stand for `parts`."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
