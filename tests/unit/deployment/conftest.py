"""The deployment files, parsed once."""

from pathlib import Path

import pytest
import yaml

from tests.unit.deployment.manifests import ROOT, Object, assigned, pod_template


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def compose() -> Object:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="session")
def objects() -> list[Object]:
    """Every Kubernetes object under k8s/ (kustomizations are no objects of the cluster)."""
    files = sorted(p for p in (ROOT / "k8s").rglob("*.yaml") if p.name != "kustomization.yaml")
    return [one for file in files for one in yaml.safe_load_all(file.read_text()) if one is not None]


@pytest.fixture(scope="session")
def configured() -> dict[str, str]:
    """The settings of the cluster's config map."""
    return assigned(ROOT / "k8s/base/punkcast.env")


@pytest.fixture(scope="session")
def own_pods(objects: list[Object]) -> dict[str, Object]:
    """Pod templates that run an image of ours, by the name of the object that makes them."""
    found = {}
    for one in objects:
        template = pod_template(one)
        if template is not None and template["spec"]["containers"][0]["image"].startswith("punkcast/"):
            found[one["metadata"]["name"]] = template
    return found
