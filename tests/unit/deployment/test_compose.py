import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema  # type: ignore[import-untyped]
from check_jsonschema.builtin_schemas import get_builtin_schema  # type: ignore[import-untyped]

from shared.database.roles import role_of
from shared.settings import Settings
from shared.sources.source import open_source
from tests.unit.deployment.manifests import OBJECT_STORE_USERS, WORKERS, Object

SERVERS = {"postgres", "rabbitmq", "seaweedfs"}
OWN = {*WORKERS, "api", "scheduler"}


def test_the_file_follows_the_compose_specification(compose: Object) -> None:
    jsonschema.Draft202012Validator(get_builtin_schema("vendor.compose-spec")).validate(compose)


def test_every_part_of_the_platform_is_there_once(compose: Object) -> None:
    assert set(compose["services"]) == SERVERS | OWN | {"migrate", "web"}


def test_a_service_is_built_from_its_own_module_and_extra(compose: Object, root: Path) -> None:
    built = {
        name: service["build"]["args"]["SERVICE"]
        for name, service in compose["services"].items()
        if "args" in service.get("build", {})
    }
    assert built == {service: service for service in OWN} | {"migrate": "cli"}
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for service in built.values():
        assert service in extras
        assert (root / "services" / service / "__main__.py").is_file()


def test_ports_are_published_on_this_machine_only(compose: Object) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_a_service_starts_after_the_schema_is_there_and_the_servers_answer(compose: Object) -> None:
    for name in OWN:
        conditions = {n: c["condition"] for n, c in compose["services"][name]["depends_on"].items()}
        assert conditions == {
            "migrate": "service_completed_successfully",
            "rabbitmq": "service_healthy",
            "seaweedfs": "service_healthy",
        }
    # The models that its preflight loads lie in the object store.
    assert compose["services"]["migrate"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "seaweedfs": {"condition": "service_healthy"},
    }
    assert compose["services"]["migrate"]["command"] == ["migrate", "--preflight"]


def test_every_server_has_a_health_check_and_keeps_its_data_in_a_volume(compose: Object) -> None:
    for service in (compose["services"][name] for name in SERVERS):
        assert service["healthcheck"]["test"][0] == "CMD"
        volumes = {volume.partition(":")[0] for volume in service["volumes"]}
        assert volumes & set(compose["volumes"])


def test_the_addresses_in_the_settings_are_services_of_this_file(compose: Object) -> None:
    environment = compose["x-environment"]
    assert urlsplit(environment["PUNKCAST_DATABASE_URL"]).hostname in SERVERS
    assert urlsplit(environment["PUNKCAST_BROKER_URL"]).hostname in SERVERS
    endpoint = re.search(r"endpoint_url=([^&]+)", environment["PUNKCAST_OBJECT_STORE_URL"])
    assert urlsplit(endpoint[1]).hostname == "seaweedfs"


def test_the_bucket_made_at_the_first_start_is_the_one_in_the_settings(compose: Object) -> None:
    bucket = urlsplit(compose["x-environment"]["PUNKCAST_OBJECT_STORE_URL"]).hostname
    server = compose["services"]["seaweedfs"]["environment"]
    assert server["S3_BUCKET"] == bucket
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert server[key] == compose["x-object-store"][key]


def test_the_default_market_is_a_simulated_one_that_goes_on_for_years(compose: Object, root: Path) -> None:
    choice = re.fullmatch(r"\$\{PUNKCAST_SOURCE_URL:-(.+)\}", compose["x-environment"]["PUNKCAST_SOURCE_URL"])
    assert f"\nPUNKCAST_SOURCE_URL={choice[1]}\n" in (root / "k8s/base/punkcast.env").read_text()
    days = re.search(r"days=(\d+)", choice[1])
    assert int(days[1]) > 2 * 365
    # Accepted as it is but for its length, which would take seconds to play.
    assert open_source(choice[1].replace(days[0], "days=1&history_days=1"))


def test_a_container_is_given_longer_to_stop_than_its_process_takes(compose: Object) -> None:
    for service in (compose["services"][name] for name in OWN):
        grace = float(service["environment"]["PUNKCAST_SHUTDOWN_GRACE_S"])
        assert int(service["stop_grace_period"].removesuffix("s")) > grace


def test_a_service_has_the_login_of_its_own_role_and_only_the_keys_that_it_uses(compose: Object, root: Path) -> None:
    for name in OWN:
        environment = compose["services"][name]["environment"]
        login = urlsplit(environment["PUNKCAST_DATABASE_URL"])
        assert (login.username, login.password) == (role_of(name), f"punkcast-{name}")
        assert ("AWS_SECRET_ACCESS_KEY" in environment) == (name in OBJECT_STORE_USERS)
        assert ("PUNKCAST_OPERATOR_KEY" in environment) == (name == "api")
        assert ("PUNKCAST_OPERATOR_DATABASE_URL" in environment) == (name == "api")
        assert ("PUNKCAST_RPC_URLS" in environment) == (name == "ingestor")
    mounted = [volume.split(":")[0] for volume in compose["services"]["postgres"]["volumes"]]
    assert "./k8s/overlays/dev/logins.sql" in mounted


def test_own_containers_run_without_privileges(compose: Object) -> None:
    for service in (compose["services"][name] for name in OWN | {"migrate", "web"}):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]


def test_every_variable_is_a_setting(compose: Object) -> None:
    used = {
        name
        for own, service in compose["services"].items()
        for name in service.get("environment", {})
        if name.startswith("PUNKCAST_") and own != "web"
    }
    assert used
    assert used <= {f"PUNKCAST_{field.upper()}" for field in Settings.model_fields}


def test_the_settings_of_every_service_are_accepted(compose: Object) -> None:
    for name in OWN | {"migrate"}:
        given = {
            variable.removeprefix("PUNKCAST_").lower(): re.sub(r"\$\{[^:}]+:-(.*)\}", r"\1", value)
            for variable, value in compose["services"][name]["environment"].items()
            if variable.startswith("PUNKCAST_")
        }
        settings = Settings.model_validate(given)
        assert settings.database_url.startswith("postgresql://")


def test_the_site_is_built_from_its_folder_and_asks_the_gateway_of_this_file(compose: Object, root: Path) -> None:
    web = compose["services"]["web"]
    assert (root / web["build"]["context"] / "Dockerfile").is_file()
    assert urlsplit(web["environment"]["PUNKCAST_GATEWAY_URL"]).netloc == "api:8000"
    assert web["depends_on"] == {"api": {"condition": "service_healthy"}}
    # SvelteKit compares the origin of forms with it.
    assert web["ports"] == [web["environment"]["ORIGIN"].removeprefix("http://") + ":3000"]
