# `make help` lists the targets for people and CI. Required: make, Python 3.11 or newer, a package index.
.DEFAULT_GOAL := help
.PHONY: help setup demo drill test check format bench fuzz document chaos replay sbom audit-dependencies web check-web test-web web-budgets web-screenshots \
	web-types clean python

UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
BIN := .venv/bin
INSTALLED := .venv/.installed
PIP_QUIETLY := --quiet --disable-pip-version-check
# The first of these that is 3.11 or newer is used; PYTHON=/path/to/python selects another.
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python
PYTHON ?= $(shell for each in $(PYTHONS); do \
	command -v $$each >/dev/null 2>&1 && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& $$each -c 'import sys; print(sys.executable)' && break; done)

EVERY ?= 12h
WORKERS ?= 2
WEB_INSTALLED := web/node_modules/.package-lock.json
WEB_BUILT := web/build/handler.js
# The site needs Node.js 20. Without it the demo says so and serves only the API.
SITE_IF_NODE := $(shell node -e 'process.exit(process.versions.node.split(".")[0] < 20)' 2>/dev/null && echo $(WEB_BUILT))

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(INSTALLED) ## Install everything into .venv, with the punkcast command

demo: $(INSTALLED) $(SITE_IF_NODE) ## Replay the real market through the whole lifecycle, on API and site (MARKET=simulated, EVENTS=dir, DEMO_EXIT=1 to not serve)
	@$(BIN)/punkcast demo

# One worker runs all tests of a file, so that module fixtures are set up once and the order is kept.
test: $(INSTALLED) ## Run unit, integration and end-to-end tests on real servers (ARGS="-k floor" for some)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

check: $(INSTALLED) ## Check lint, format, types and import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED) ## Format the code and apply ruff's fixes
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format

bench: $(INSTALLED) ## Measure against bare limits of this machine, into bench-results.json (ARGS=gateway for one)
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --all-extras --group bench --quiet
	@$(BIN)/python -m tests.bench $(ARGS)

fuzz: $(INSTALLED) ## Send generated requests to every operation of the OpenAPI document (EXAMPLES=500 each)
	@PUNKCAST_FUZZ_EXAMPLES=$(or $(EXAMPLES),500) $(BIN)/python -m pytest tests/integration/api/test_document_holds.py $(ARGS)

document: $(INSTALLED) ## Generate docs/openapi.json and docs/problems.md from the code
	@$(BIN)/python -m services.api.openapi > docs/openapi.json
	@$(BIN)/python -m services.api.problem_page > docs/problems.md

chaos: $(INSTALLED) ## Kill a process at each place of its life, and services at random instants and failpoints
	@$(BIN)/python -m pytest tests/chaos $(ARGS)

drill: $(INSTALLED) ## Promote deliberately bad models in a scratch database and wait until they are rolled back
	@$(BIN)/punkcast drill $(ARGS)

replay: $(INSTALLED) ## Replay history: EVENTS=dir FROM=2025-02-01 TO=2025-07-31 EVERY=12h (ARGS="--json file")
	@test -n "$(EVENTS)" && test -n "$(FROM)" && test -n "$(TO)" || { \
		echo "set all: make replay EVENTS=dir FROM=2025-02-01 TO=2025-07-31 EVERY=12h" >&2; exit 2; }
	@$(BIN)/punkcast replay --events "$(EVENTS)" --from "$(FROM)" --to "$(TO)" --nowcast-every "$(EVERY)" $(ARGS)

# From the lock files. npm cannot describe the development dependencies: Lighthouse's ranges contradict each other.
sbom: $(UV) ## Write CycloneDX documents of the Python and npm dependencies into sbom/ (needs npm)
	@mkdir -p sbom
	@$(UV) export --frozen --no-dev --all-extras --format cyclonedx1.5 --quiet > sbom/python.cdx.json
	@cd web && npm sbom --sbom-format cyclonedx --package-lock-only --omit dev > ../sbom/npm.cdx.json

audit-dependencies: $(UV) ## Compare the dependencies with public advisories (needs npm; .ci/audit has the exit codes)
	@.ci/audit $(UV) npm

web: $(WEB_BUILT) ## Build the site (needs Node.js 20.19); `node web/server.js` serves it

check-web: $(WEB_BUILT) ## Check the site without a gateway: build, types, unit tests
	@cd web && npm run --silent types:check && npm run --silent check && npm run --silent test:unit

test-web: $(INSTALLED) check-web ## Run check-web, then browser tests over a simulated market (ARGS="-g deals" for some)
	@web/scripts/chromium.sh
	@cd web && npm run --silent test:e2e -- $(ARGS)

web-types: $(WEB_INSTALLED) ## Generate the site's types from docs/openapi.json
	@cd web && npm run --silent types

web-budgets: $(INSTALLED) $(WEB_BUILT) ## Measure the site: JavaScript, largest contentful paint, frames, Lighthouse
	@web/scripts/chromium.sh
	@cd web && npm run --silent budgets

web-screenshots: $(INSTALLED) $(WEB_BUILT) ## Capture every page into docs/screenshots (GATEWAY=url for a running gateway)
	@web/scripts/chromium.sh
	@cd web && npm run --silent screenshots

$(WEB_INSTALLED): web/package.json web/package-lock.json
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB_BUILT): $(WEB_INSTALLED) $(shell find web/src web/static 2>/dev/null) web/svelte.config.js web/vite.config.ts
	@cd web && npm run --silent build >../.web.log 2>&1 || { cat ../.web.log >&2; exit 1; }
	@rm -f .web.log

clean: ## Remove installed and cached files; data in .punkcast stays
	rm -rf web/node_modules web/build web/.svelte-kit
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find shared services lab tests -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" || { \
		echo "no Python 3.11 or newer in PATH: install one, or run make PYTHON=/path/to/python3" >&2; exit 1; }

# uv comes from the package index into .tools, so nothing has to be installed before. A Python without the venv module
# (Debian packages it separately) works if it has pip.
$(UV): | python
	@echo "uv $(UV_VERSION) into .tools/uv"
	@{ "$(PYTHON)" -m venv .tools/uv && .tools/uv/bin/python -m pip install $(PIP_QUIETLY) "uv==$(UV_VERSION)"; } >.tools.log 2>&1 \
		|| { rm -rf .tools/uv; "$(PYTHON)" -m pip install $(PIP_QUIETLY) --target .tools/uv "uv==$(UV_VERSION)"; } >>.tools.log 2>&1 \
		|| { cat .tools.log >&2; rm -rf .tools .tools.log; \
			echo "uv could not be installed: $(PYTHON) needs venv or pip (Debian: apt-get install python3-venv)," >&2; \
			echo "and pip must reach a package index (PIP_INDEX_URL)" >&2; exit 1; }
	@rm -f .tools.log

$(INSTALLED): uv.lock pyproject.toml | $(UV)
	@echo "dependencies into .venv, from uv.lock"
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --all-extras --quiet --python "$(PYTHON)" || { \
		echo "the dependencies could not be installed: check the package index and disk space, then make setup" >&2; exit 1; }
	@touch $@
