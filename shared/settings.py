"""Settings, read once by each service's composition root (never at import time).

Modes are chosen by the schemes of the URLs:

| setting | embedded default | servers |
|---|---|---|
| `PUNKCAST_DATABASE_URL` | `embedded://` (PostgreSQL from wheels under `PUNKCAST_HOME/postgres`) | `postgresql://…` |
| `PUNKCAST_BROKER_URL` | `memory://` (all services in one process) | `amqp://…` |
| `PUNKCAST_OBJECT_STORE_URL` | `folder://` (`PUNKCAST_HOME/objects`), `folder:///path` | `s3://bucket/prefix?…` |
| `PUNKCAST_SOURCE_URL` | `simulated://?seed=7` | `files:///path/to/dir`, `ethereum+https://host/path?confirmations=6` |

An `ethereum` source follows the market through a node. More nodes to fail over to, and URLs that have a query of their
own, go into `PUNKCAST_RPC_URLS`, separated by commas (then `PUNKCAST_SOURCE_URL` may be `ethereum://` alone).
"""

from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

COINBASE: Final = (
    "https://api.exchange.coinbase.com/products/ETH-USD/candles?granularity=86400"
    "&start={start}T00:00:00Z&end={end}T00:00:00Z"
)
"""Daily candles without a key, back to before the contract, which few others offer."""


class Settings(BaseSettings):
    """Everything a process can be told from outside. Units are in the names."""

    model_config = SettingsConfigDict(env_prefix="PUNKCAST_", env_file=None, extra="ignore", frozen=True)

    home: Path = Field(default=Path(".punkcast"), description="Where the embedded mode keeps everything")
    database_url: str = "embedded://"
    broker_url: str = "memory://"
    broker_prefix: str = Field(
        default="punkcast", description="Prefix of every exchange and queue; tests use one of their own"
    )
    object_store_url: str = "folder://"
    source_url: str = "simulated://?seed=7"
    rpc_urls: SecretStr | None = Field(
        default=None, description="Ethereum nodes, separated by commas, in the order in which they are asked"
    )
    price_url: str = Field(default=COINBASE, description="Daily ETH/USD closes for an Ethereum source")
    data_dir: Path | None = Field(default=None, description="Real market data for development and tests")

    policy_file: Path | None = Field(default=None, description="Promotion policy (TOML); default: the packaged one")

    accept_unsupported: bool = Field(
        default=False,
        description="`punkcast migrate --preflight` goes on although this code cannot serve the champion",
    )

    host: str = Field(default="127.0.0.1", description="Address the gateway and the probes listen on")
    api_port: int = Field(default=8000, ge=1, le=65535)
    probe_port: int = Field(
        default=0, ge=0, le=65535, description="Side port of a worker for /livez /readyz /metrics; 0 picks one"
    )
    log_level: str = Field(default="INFO", pattern="^(?i:debug|info|warning|error|critical)$")
    log_format: str = Field(default="console", pattern="^(console|json)$")

    threads: int = Field(default=2, ge=1, description="Threads of one model fit or prediction")
    operator_key: SecretStr | None = Field(
        default=None, description="API key accepted with every scope; meant for local use, see `punkcast keys`"
    )
    alert_webhook_url: SecretStr | None = Field(
        default=None, description="Where alerts are posted: one URL, or several with spaces between"
    )
    alert_webhook_secret: SecretStr | None = Field(
        default=None, description="Signs alerts as Standard Webhooks does: whsec_ and base64 of 24 bytes or more"
    )
    cursor_secret: SecretStr | None = Field(
        default=None, min_length=16, description="Key of page cursors, the same on every replica of the gateway"
    )
    rate_limit: str = Field(default="3000/minute", description="Reads of one client at the gateway, or off")
    write_rate_limit: str = Field(default="60/minute", description="Writes of one client, or off")
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses and networks, separated by commas, whose X-Forwarded-For tells the gateway who asks",
    )
    webhooks_private: bool = Field(
        default=False, description="Webhooks may be plain http and lead into the own network; for development"
    )
    training_timeout_s: float = Field(default=900.0, gt=0, allow_inf_nan=False)
    training_lease_s: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    shutdown_grace_s: float = Field(default=20.0, ge=0, allow_inf_nan=False)
