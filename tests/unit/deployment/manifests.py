"""How the tests read the deployment files."""

from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
OBJECT_STORE_USERS = {"api", "nowcaster", "trainer", "gatekeeper"}
WORKERS = ("ingestor", "nowcaster", "trainer", "gatekeeper", "monitor", "notifier", "backtester")

Object = dict[str, Any]


def pod_template(one: Object) -> Object | None:
    """The pods that a Kubernetes object makes, if it makes any."""
    spec = one.get("spec", {})
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template")


def assigned(file: Path) -> dict[str, str]:
    """The settings that `NAME=value` lines of a file assign."""
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if line.startswith("PUNKCAST_"))
