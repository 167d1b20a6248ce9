"""Settings. Each service's composition root reads them once, never at import time.

URL schemes choose the mode:

| setting | embedded default | servers |
|---|---|---|
| `PUNKCAST_DATABASE_URL` | `embedded://` (PostgreSQL from wheels under `PUNKCAST_HOME/postgres`) | `postgresql://…` |
| `PUNKCAST_BROKER_URL` | `memory://` (all services in one process) | `amqp://…` |
| `PUNKCAST_OBJECT_STORE_URL` | `folder://` (`PUNKCAST_HOME/objects`), `folder:///path` | `s3://bucket/prefix?…` |
| `PUNKCAST_SOURCE_URL` | `simulated://?seed=7` | `files:///path/to/dir`, `ethereum+https://host/path?confirmations=2` |

An `ethereum` source follows the market through a node. List more nodes for failover, and URLs with their own query, in
`PUNKCAST_RPC_URLS`, separated by commas. `PUNKCAST_SOURCE_URL` may then be `ethereum://` alone.
"""

from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

COINBASE: Final = (
    "https://api.exchange.coinbase.com/products/ETH-USD/candles?granularity=86400"
    "&start={start}T00:00:00Z&end={end}T00:00:00Z"
)
"""Daily candles without an API key, with a history that starts before the contract."""

LEAST_OPERATOR_KEY: Final = 32


class Settings(BaseSettings):
    """All settings of a process. Names include the units."""

    # An error shows no input: it may be a secret.
    model_config = SettingsConfigDict(
        env_prefix="PUNKCAST_", env_file=None, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    home: Path = Field(default=Path(".punkcast"), description="Data folder of the embedded mode")
    database_url: str = "embedded://"
    operator_database_url: SecretStr | None = Field(
        default=None, description="The gateway's login for acts of operators; default: PUNKCAST_DATABASE_URL"
    )
    broker_url: str = "memory://"
    broker_prefix: str = Field(default="punkcast", description="Prefix of every exchange and queue")
    object_store_url: str = "folder://"
    source_url: str = "simulated://?seed=7"
    rpc_urls: SecretStr | None = Field(
        default=None, description="Ethereum nodes, separated by commas, in failover order"
    )
    price_url: str = Field(default=COINBASE, description="Daily ETH/USD closes for an Ethereum source")

    policy_file: Path | None = Field(default=None, description="Promotion policy (TOML); default: the packaged one")

    retention_file: Path | None = Field(
        default=None, description="What is kept how long (TOML); default: the packaged policy"
    )

    accept_unsupported: bool = Field(
        default=False,
        description="Let `punkcast migrate --preflight` pass although this code cannot serve the champion",
    )

    signing_key: SecretStr | None = Field(
        default=None,
        description="Ed25519 seeds in base64, separated by commas: sign model files and the log of generations",
    )
    log_origin: str = Field(default="punkcast", description="Name of the log of generations, and of its keys")
    trusted_keys: str | None = Field(
        default=None,
        description="Verifier keys, separated by commas: only model files that one of them signed are loaded",
    )

    host: str = Field(default="127.0.0.1", description="Listen address of the gateway and the probes")
    api_port: int = Field(default=8000, ge=1, le=65535)
    probe_port: int = Field(
        default=0, ge=0, le=65535, description="A worker's port for /livez, /readyz and /metrics; 0 picks a free one"
    )
    log_level: str = Field(default="INFO", pattern="^(?i:debug|info|warning|error|critical)$")
    log_format: str = Field(default="console", pattern="^(console|json)$")

    threads: int = Field(default=2, ge=1, description="Threads per model fit or prediction")
    operator_key: SecretStr | None = Field(
        default=None,
        description="API key with every scope, of at least 32 characters, for local use; see `punkcast keys`",
    )
    alert_webhook_url: SecretStr | None = Field(
        default=None, description="Where alerts are posted: one URL, or several with spaces between"
    )
    alert_webhook_secret: SecretStr | None = Field(
        default=None, description="Signs alerts as Standard Webhooks does: whsec_ and base64 of 24 bytes or more"
    )
    cursor_secret: SecretStr | None = Field(
        default=None, min_length=16, description="Signs page cursors; the same on every replica of the gateway"
    )
    rate_limit: str = Field(default="3000/minute", description="Limit of reads per client, or `off`")
    write_rate_limit: str = Field(default="60/minute", description="Limit of writes per client, or `off`")
    refused_keys_limit: str = Field(
        default="20/minute", description="Refused API keys per client, before it gets 429 for every key; or `off`"
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Proxies (addresses or networks, separated by commas) whose X-Forwarded-For names the client",
    )
    max_connections: int = Field(default=1000, ge=1, description="Connections to the gateway in all")
    connections_per_address: int = Field(
        default=100, ge=1, description="Connections of one client to the gateway; trusted proxies may open more"
    )
    streams_per_address: int = Field(default=4, ge=1, description="Event streams of one client")
    webhooks_private: bool = Field(
        default=False, description="Webhooks may be plain http and point to private networks; for development"
    )
    training_requests_per_origin: int = Field(
        default=3, ge=1, description="Open training requests of one API key, one user, or the bus"
    )
    training_timeout_s: float = Field(default=900.0, gt=0, allow_inf_nan=False)
    training_lease_s: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    shutdown_grace_s: float = Field(default=20.0, ge=0, allow_inf_nan=False)

    @field_validator("operator_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None or not key.get_secret_value():  # Compose passes an unset variable on as an empty one.
            return None
        if len(key.get_secret_value()) < LEAST_OPERATOR_KEY:
            raise ValueError(
                f"an operator key needs at least {LEAST_OPERATOR_KEY} characters; "
                "make one with `openssl rand -hex 32`, or use `punkcast keys create`"
            )
        return key
