"""How the tests read the deployment files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
WORKERS = ("ingestor", "nowcaster", "trainer", "gatekeeper", "monitor", "notifier", "backtester")

Object = dict[str, Any]


def pod_template(one: Object) -> Object | None:
    """The pods that a Kubernetes object makes, if it makes any."""
    spec = one.get("spec", {})
    if one["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    template: Object | None = spec.get("template")
    return template


def setting_names(text: str) -> Iterator[str]:
    """Names of the settings that are assigned in `NAME=value` lines."""
    for line in text.splitlines():
        if line.startswith("PUNKCAST_"):
            yield line.partition("=")[0]
