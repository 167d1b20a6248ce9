"""Settings of the gateway, without the address of its database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from shared.registry import training_requests
from shared.settings import Settings

DEFAULT_CURSOR_KEY = b"punkcast page cursors"


@dataclass(frozen=True)
class GatewayConfig:
    """Settings of one gateway process; names carry the units."""

    operator_key: str | None = None
    """Accepted with every scope."""
    cursor_key: bytes = DEFAULT_CURSOR_KEY
    """Authenticates page cursors; the same on every replica, so that each continues any page. The default is public: a
    forged cursor names a position in a list that its maker may read anyway. `PUNKCAST_CURSOR_SECRET` replaces it."""
    max_body_bytes: int = 64 * 1024
    poll_s: float = 5.0
    """Seconds after which pointer and market are read again without a notification; also the heartbeat."""
    database_timeout_s: float = 5.0
    """Limit of one request's queries, and of its wait for a connection."""
    load_timeout_s: float = 30.0
    stale_after_s: float = 90 * 60.0
    """A nowcast older than this is served with the flag `nowcast_stale`."""
    simulated: bool = False
    """The market is simulated; answers say so."""
    policy_file: Path | None = None
    """The policy that operators' acts are recorded under; default: the packaged one."""
    reading_limit: str = "off"
    writing_limit: str = "off"
    """Requests of one client, as `600/minute`; off: no limit."""
    refused_keys_limit: str = "off"
    """Refused API keys of one client, as `20/minute`; off: no limit."""
    training_requests_per_origin: int = training_requests.MOST_OPEN
    """Open training requests of one key."""
    max_streams: int = 100
    """Concurrent event streams."""
    streams_per_address: int = 4
    """Concurrent event streams of one client."""
    webhooks_private: bool = False
    """Webhooks may use plain http and private addresses."""
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
            training_requests_per_origin=settings.training_requests_per_origin,
            refused_keys_limit=settings.refused_keys_limit,
            reading_limit=settings.rate_limit,
            writing_limit=settings.write_rate_limit,
            streams_per_address=settings.streams_per_address,
        )


def digest(*parts: str) -> str:
    """Sixteen hexadecimal digits of a hash of `parts`."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
