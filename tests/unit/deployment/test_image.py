import json
import re
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from shared.settings import Settings

# Not a setting: the commit the image was built from, which the trainer writes into the model's lineage.
GIVEN_BY_THE_BUILD = {"PUNKCAST_GIT_SHA"}


@pytest.fixture(scope="module")
def recipe(root: Path) -> str:
    return (root / "Dockerfile").read_text().replace("\\\n", " ")


def test_both_stages_start_from_the_same_replaceable_base(recipe: str) -> None:
    assert re.search(r"^ARG BASE_IMAGE=\S+", recipe, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", recipe, re.MULTILINE) == ["${BASE_IMAGE}", "${BASE_IMAGE}"]


def test_only_the_services_extra_is_installed_and_exactly_as_locked(recipe: str) -> None:
    syncs = re.findall(r"uv sync [^\n]*", recipe)
    assert len(syncs) == 2
    for sync in syncs:
        assert "--frozen" in sync
        assert "--no-dev" in sync
        assert sync.endswith('--extra "$SERVICE"')


def test_the_gpu_library_of_xgboost_stays_out_of_the_lock(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    overrides = [o for o in project["tool"]["uv"]["override-dependencies"] if o.startswith("nvidia-nccl")]
    assert overrides
    assert all("sys_platform == 'never'" in override for override in overrides)
    lock = tomllib.loads((root / "uv.lock").read_text())
    assert not [p["name"] for p in lock["package"] if p["name"].startswith("nvidia") and p.get("wheels")]


def test_the_process_is_not_root(recipe: str) -> None:
    assert re.findall(r"^USER (\S+)", recipe, re.MULTILINE) == ["10001:10001"]
    assert recipe.index("\nUSER ") < recipe.index("\nENTRYPOINT ")


def test_the_service_replaces_the_shell_and_so_gets_the_signals(recipe: str) -> None:
    entry = re.search(r"^ENTRYPOINT (.+)$", recipe, re.MULTILINE)
    assert 'exec python -m \\"services.$SERVICE\\" \\"$@\\"' in entry[1]


@pytest.mark.parametrize(("service", "variable"), [("api", "PUNKCAST_API_PORT"), ("trainer", "PUNKCAST_PROBE_PORT")])
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_only_a_ready_service_is_healthy(recipe: str, service: str, variable: str, status: int, code: int) -> None:
    check = re.search(r"^HEALTHCHECK .+? CMD (\[.+\])$", recipe, re.MULTILINE)
    _, *arguments = json.loads(check[1])

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        Thread(target=server.handle_request, daemon=True).start()
        ran = subprocess.run(
            [sys.executable, *arguments],
            env={"SERVICE": service, variable: str(server.server_port)},
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=False,
        )
    assert ran.returncode == code


def test_every_variable_is_a_setting(recipe: str) -> None:
    used = set(re.findall(r"\b(PUNKCAST_[A-Z_]+)=", recipe))
    settings = {f"PUNKCAST_{field.upper()}" for field in Settings.model_fields}
    assert used - settings == GIVEN_BY_THE_BUILD


def test_the_commit_given_by_the_build_is_what_the_trainer_reads(root: Path) -> None:
    assert '"PUNKCAST_GIT_SHA"' in (root / "shared/runtime/lineage.py").read_text()


def test_everything_that_is_copied_is_sent_to_the_builder(recipe: str, root: Path) -> None:
    ignored = (root / ".dockerignore").read_text().splitlines()
    sent = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        word.rstrip("*")
        for line in re.findall(r"^COPY ((?!--from)[^\n]+) \S+$", recipe, re.MULTILINE)
        for word in line.split()
    }
    assert copied == sent
    assert "*" in ignored
