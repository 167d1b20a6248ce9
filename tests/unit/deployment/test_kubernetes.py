import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from shared.database.roles import WRITES, role_of
from shared.messaging.ticks import JOBS, slot_at
from shared.settings import Settings
from tests.unit.deployment.manifests import OBJECT_STORE_USERS, WORKERS, Object, pod_template

SETTINGS = {f"PUNKCAST_{field.upper()}" for field in Settings.model_fields}
KUSTOMIZATIONS = ("base", "overlays/dev", "overlays/production")


def _of(objects: list[Object], kind: str) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def _container(one: Object) -> Object:
    return pod_template(one)["spec"]["containers"][0]


def _kustomization(root: Path, folder: str) -> Object:
    return yaml.safe_load((root / "k8s" / folder / "kustomization.yaml").read_text())


def test_every_object_follows_the_schema_of_its_kind(objects: list[Object]) -> None:
    assert len(objects) > 20
    version = kubernetes_validate.latest_version()
    for one in objects:
        kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("folder", KUSTOMIZATIONS)
def test_a_kustomization_names_files_that_exist_and_leaves_none_out(root: Path, folder: str) -> None:
    here = root / "k8s" / folder
    resources = _kustomization(root, folder)["resources"]
    assert all((here / resource).exists() for resource in resources)
    files = {file.name for file in here.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == {resource for resource in resources if not resource.startswith("..")}


def test_the_workers_and_the_api_run_their_own_module(objects: list[Object], root: Path) -> None:
    deployments = _of(objects, "Deployment")
    assert set(deployments) == {*WORKERS, "api", "web"}
    for name in (*WORKERS, "api"):
        container = _container(deployments[name])
        assert container["image"] == f"punkcast/{name}"
        assert container["command"] == ["python", "-m", f"services.{name}"]
        assert (root / "services" / name / "__main__.py").is_file()


def test_selectors_find_their_own_pods(objects: list[Object]) -> None:
    for kind in ("Deployment", "StatefulSet"):
        for one in _of(objects, kind).values():
            wanted = one["spec"]["selector"]["matchLabels"].items()
            assert wanted <= one["spec"]["template"]["metadata"]["labels"].items()
    api = _of(objects, "Deployment")["api"]["spec"]["template"]["metadata"]["labels"].items()
    assert _of(objects, "Service")["api"]["spec"]["selector"].items() <= api
    assert _of(objects, "PodDisruptionBudget")["api"]["spec"]["selector"]["matchLabels"].items() <= api


def test_probes_ask_where_the_service_answers_them(objects: list[Object], configured: dict[str, str]) -> None:
    deployments = _of(objects, "Deployment")
    for name in (*WORKERS, "api"):
        one = deployments[name]
        # The gateway answers on its own port, a worker on the side port.
        port, setting = ("http", "PUNKCAST_API_PORT") if name == "api" else ("probes", "PUNKCAST_PROBE_PORT")
        container = _container(one)
        assert container["ports"] == [{"name": port, "containerPort": int(configured[setting])}]
        for kind, path in (("startup", "/livez"), ("liveness", "/livez"), ("readiness", "/readyz")):
            assert container[f"{kind}Probe"]["httpGet"] == {"path": path, "port": port}
        annotations = one["spec"]["template"]["metadata"]["annotations"]
        assert annotations["prometheus.io/port"] == configured[setting]


def test_the_site_knows_the_gateway_by_its_service_and_holds_no_secret_of_the_platform(objects: list[Object]) -> None:
    container = _container(_of(objects, "Deployment")["web"])
    gateway = _of(objects, "Service")["api"]["spec"]["ports"][0]["port"]
    assert container["env"] == [{"name": "PUNKCAST_GATEWAY_URL", "value": "http://api"}]
    assert gateway == 80
    assert "envFrom" not in container
    asked = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert asked == {"/about"}
    assert _of(objects, "Service")["web"]["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]


def test_a_pod_has_longer_to_stop_than_its_process_takes(objects: list[Object], configured: dict[str, str]) -> None:
    grace = float(configured["PUNKCAST_SHUTDOWN_GRACE_S"])
    for one in _of(objects, "Deployment").values():
        spec = one["spec"]["template"]["spec"]
        pause = spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert spec["terminationGracePeriodSeconds"] > grace + pause


def test_every_own_pod_is_hardened_alike(own_pods: dict[str, Object]) -> None:
    assert len(own_pods) == len(WORKERS) + 2 + len(JOBS) + 1
    for template in own_pods.values():
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]


def test_every_own_pod_reads_the_same_settings_and_the_secret_of_its_component(own_pods: dict[str, Object]) -> None:
    for name, template in own_pods.items():
        if name == "web":
            continue
        component = "scheduler" if name.startswith("tick-") else name
        assert template["spec"]["containers"][0]["envFrom"] == [
            {"configMapRef": {"name": "punkcast"}},
            {"secretRef": {"name": f"punkcast-{component}"}},
        ]


def _secrets(objects: list[Object]) -> dict[str, dict[str, str]]:
    """The secret of each component, as the example has it."""
    return {name.removeprefix("punkcast-"): one["stringData"] for name, one in _of(objects, "Secret").items()}


def _dev_secrets(root: Path) -> dict[str, dict[str, str]]:
    """The secret of each component in the dev overlay."""
    generators = _kustomization(root, "overlays/dev")["secretGenerator"]
    return {
        one["name"].removeprefix("punkcast-"): dict(line.split("=", 1) for line in one["literals"])
        for one in generators
    }


@pytest.mark.parametrize("place", ["example", "dev"])
def test_a_component_holds_no_secret_of_another(objects: list[Object], root: Path, place: str) -> None:
    secrets = _secrets(objects) if place == "example" else _dev_secrets(root)
    assert set(secrets) == {*WORKERS, "api", "scheduler", "migrate"}
    for component, values in secrets.items():
        login = urlsplit(values["PUNKCAST_DATABASE_URL"]).username
        assert (login == role_of(component)) == (component != "migrate")
        assert ("PUNKCAST_OPERATOR_KEY" in values) == (component == "api")
        assert ("PUNKCAST_BROKER_URL" in values) == (component in {*WORKERS, "scheduler"})
        assert ("AWS_SECRET_ACCESS_KEY" in values) == (component in OBJECT_STORE_USERS | {"migrate"})


def test_the_logins_of_the_dev_server_are_those_of_its_secrets(root: Path) -> None:
    statements = (root / "k8s/overlays/dev/logins.sql").read_text()
    listed = re.search(r"array\[(.+?)\]", statements, re.DOTALL)
    services = re.findall(r"'(\w+)'", listed[1])
    assert services == list(WRITES)
    urls = [
        value
        for values in _dev_secrets(root).values()
        for name, value in values.items()
        if name.endswith("DATABASE_URL")
    ]
    logins = {(urlsplit(url).username, urlsplit(url).password) for url in urls}
    assert logins == {(role_of(service), f"punkcast-{service}") for service in services} | {("punkcast", "punkcast")}


def test_every_image_is_given_a_tag_by_every_overlay(own_pods: dict[str, Object], root: Path) -> None:
    used = {template["spec"]["containers"][0]["image"] for template in own_pods.values()}
    for folder in KUSTOMIZATIONS[1:]:
        tagged = {image["name"]: image["newTag"] for image in _kustomization(root, folder)["images"]}
        assert set(tagged) == used
        assert len(set(tagged.values())) == 1


def _fires(cron: str, instant: datetime) -> bool:
    """Minute and hour fields of the forms `*`, `*/n` and `n`; the other fields are `*`."""
    minute, hour, *rest = cron.split()
    assert rest == ["*", "*", "*"]

    def matches(field: str, value: int) -> bool:
        if field.startswith("*/"):
            return value % int(field[2:]) == 0
        return field == "*" or int(field) == value

    return matches(minute, instant.minute) and matches(hour, instant.hour)


def test_cron_jobs_fire_at_exactly_the_slots_of_the_platforms_jobs(objects: list[Object]) -> None:
    jobs = {_tick(one): one["spec"] for one in _of(objects, "CronJob").values()}
    assert set(jobs) == set(JOBS)
    start = datetime(2026, 3, 28, tzinfo=UTC)
    minutes = [start + timedelta(minutes=n) for n in range(2 * 24 * 60)]
    for name, spec in jobs.items():
        assert spec["timeZone"] == "Etc/UTC"
        fired = [minute for minute in minutes if _fires(spec["schedule"], minute)]
        assert fired == sorted({slot_at(name, minute) for minute in minutes})


def _tick(one: Object) -> str:
    container = _container(one)
    assert container["command"] == ["python", "-m", "services.scheduler"]
    option, name = container["args"]
    assert option == "--tick"
    return str(name)


def test_a_cron_job_never_overlaps_itself_nor_starts_in_another_slot(objects: list[Object]) -> None:
    for one in _of(objects, "CronJob").values():
        spec = one["spec"]
        assert spec["concurrencyPolicy"] == "Forbid"
        # Below 10 s the controller, which looks every 10 s, may never start it.
        assert 10 < spec["startingDeadlineSeconds"] < JOBS[_tick(one)].every.total_seconds()
        assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] < JOBS[_tick(one)].every.total_seconds()


def test_the_schema_is_migrated_by_a_job(objects: list[Object]) -> None:
    job = _of(objects, "Job")["migrate"]["spec"]
    container = _container(_of(objects, "Job")["migrate"])
    run = container["image"], container["command"], container["args"]
    assert run == ("punkcast/cli", ["punkcast"], ["migrate", "--preflight"])
    # What an upgrade applies before the rest.
    assert _of(objects, "Job")["migrate"]["metadata"]["labels"] == {"punkcast/first": "true"}
    # The one exit code that no second try changes.
    assert job["podFailurePolicy"]["rules"] == [
        {"action": "FailJob", "onExitCodes": {"containerName": "migrate", "operator": "In", "values": [1]}}
    ]


def test_variables_are_settings_with_one_home(objects: list[Object], root: Path, configured: dict[str, str]) -> None:
    config = set(configured)
    for secrets in (_secrets(objects), _dev_secrets(root)):
        secret = {name for values in secrets.values() for name in values if name.startswith("PUNKCAST")}
        assert config | secret <= SETTINGS
        assert not config & secret


def test_the_config_map_is_accepted_by_the_settings(configured: dict[str, str]) -> None:
    settings = Settings.model_validate({k.removeprefix("PUNKCAST_").lower(): v for k, v in configured.items()})
    assert settings.log_format == "json"


def test_what_an_overlay_changes_exists_in_the_base(root: Path, configured: dict[str, str]) -> None:
    for folder in KUSTOMIZATIONS[1:]:
        generators = _kustomization(root, folder)["configMapGenerator"]
        for generator in (one for one in generators if one["name"] == "punkcast"):
            assert generator["behavior"] == "merge"
            assert {literal.partition("=")[0] for literal in generator["literals"]} <= set(configured)


def test_no_secret_is_committed(objects: list[Object]) -> None:
    placeholders = (":PASSWORD@HOST", "LONG-RANDOM-STRING", "KEY-ID", "SECRET-KEY")
    for values in _secrets(objects).values():
        for value in values.values():
            assert any(placeholder in value for placeholder in placeholders)
