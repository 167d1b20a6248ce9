# `make help` lists what a person, and CI, does here. Needed beforehand: make, Python 3.11 or newer, a package index.
.DEFAULT_GOAL := help
.PHONY: help setup demo drill test check format bench fuzz document chaos replay web check-web test-web web-budgets web-screenshots \
	web-types clean python

UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
BIN := .venv/bin
INSTALLED := .venv/.installed
PIP_QUIETLY := --quiet --disable-pip-version-check
# The first of these that is new enough; say PYTHON=/path/to/python to choose another.
PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python
PYTHON ?= $(shell for each in $(PYTHONS); do \
	command -v $$each >/dev/null 2>&1 && $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& $$each -c 'import sys; print(sys.executable)' && break; done)

EVERY ?= 12h
WORKERS ?= 2
WEB_INSTALLED := web/node_modules/.package-lock.json
WEB_BUILT := web/build/handler.js
# The site needs Node.js 20; without it the demo says so and serves the API alone.
SITE_IF_NODE := $(shell node -e 'process.exit(process.versions.node.split(".")[0] < 20)' 2>/dev/null && echo $(WEB_BUILT))

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(INSTALLED) ## Install everything into .venv, with the punkcast command

demo: $(INSTALLED) $(SITE_IF_NODE) ## Play the whole lifecycle, then serve API and site (EVENTS=dir real events, DEMO_EXIT=1 end after it)
	@$(BIN)/punkcast demo

# A file stays with one worker: its fixtures are set up once, and its tests keep their order.
test: $(INSTALLED) ## Unit, integration and end-to-end tests on real servers (ARGS="-k floor" for some)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

check: $(INSTALLED) ## Lint, format, types and import layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED) ## Format the code and repair what ruff can
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format

bench: $(INSTALLED) ## Measure against the bare limits of this machine; writes bench-results.json
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --all-extras --group bench --quiet
	@$(BIN)/python -m tests.bench $(ARGS)

fuzz: $(INSTALLED) ## Ask the served gateway 500 cases of each operation of its document (EXAMPLES=500)
	@PUNKCAST_FUZZ_EXAMPLES=$(or $(EXAMPLES),500) $(BIN)/python -m pytest tests/integration/api/test_document_holds.py $(ARGS)

document: $(INSTALLED) ## Write docs/openapi.json and docs/problems.md anew from the code
	@$(BIN)/python -m services.api.document > docs/openapi.json
	@$(BIN)/python -m services.api.problem_page > docs/problems.md

chaos: $(INSTALLED) ## Kill the services at random instants and between commit, publish and ack
	@$(BIN)/python -m pytest tests/chaos $(ARGS)

drill: $(INSTALLED) ## Promote deliberately bad models in a scratch database and watch them being rolled back
	@$(BIN)/punkcast drill $(ARGS)

replay: $(INSTALLED) ## Replay history: EVENTS=dir FROM=2025-02-01 TO=2025-07-31 EVERY=12h (ARGS="--json file")
	@test -n "$(EVENTS)" && test -n "$(FROM)" && test -n "$(TO)" || { \
		echo "say which: make replay EVENTS=dir FROM=2025-02-01 TO=2025-07-31 EVERY=12h" >&2; exit 2; }
	@$(BIN)/punkcast replay --events "$(EVENTS)" --from "$(FROM)" --to "$(TO)" --nowcast-every "$(EVERY)" $(ARGS)

web: $(WEB_BUILT) ## Build the public site (needs Node.js 20); `node web/server.js` runs it

check-web: $(WEB_BUILT) ## Check the site without a gateway: types, unit tests, build
	@cd web && npm run --silent types:check && npm run --silent check && npm run --silent test:unit

test-web: $(INSTALLED) check-web ## Browser tests of the site over a simulated market (ARGS="-g deals")
	@web/scripts/chromium.sh
	@cd web && npm run --silent test:e2e -- $(ARGS)

web-types: $(WEB_INSTALLED) ## Generate the site's types from docs/openapi.json
	@cd web && npm run --silent types

web-budgets: $(INSTALLED) $(WEB_BUILT) ## Measure the site: JavaScript, largest paint, frames, Lighthouse
	@web/scripts/chromium.sh
	@cd web && npm run --silent budgets

web-screenshots: $(INSTALLED) $(WEB_BUILT) ## Screenshots of every page into docs/screenshots (GATEWAY=url to show a running one)
	@web/scripts/chromium.sh
	@cd web && npm run --silent screenshots

$(WEB_INSTALLED): web/package.json web/package-lock.json
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB_BUILT): $(WEB_INSTALLED) $(shell find web/src web/static 2>/dev/null) web/svelte.config.js web/vite.config.ts
	@cd web && npm run --silent build >../.web.log 2>&1 || { cat ../.web.log >&2; exit 1; }
	@rm -f .web.log

clean: ## Remove what was installed and cached; the data in .punkcast stays
	rm -rf web/node_modules web/build web/.svelte-kit
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find shared services lab tests -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" || { \
		echo "no Python 3.11 or newer in PATH: install one, or say make PYTHON=/path/to/python3" >&2; exit 1; }

# uv comes from the package index into a place of its own, so that nothing has to be installed beforehand. A Python
# without the venv module (Debian packs it apart) still does when it has pip.
$(UV): | python
	@echo "uv $(UV_VERSION) into .tools/uv"
	@{ "$(PYTHON)" -m venv .tools/uv && .tools/uv/bin/python -m pip install $(PIP_QUIETLY) "uv==$(UV_VERSION)"; } >.tools.log 2>&1 \
		|| { rm -rf .tools/uv; "$(PYTHON)" -m pip install $(PIP_QUIETLY) --target .tools/uv "uv==$(UV_VERSION)"; } >>.tools.log 2>&1 \
		|| { cat .tools.log >&2; rm -rf .tools .tools.log; \
			echo "uv could not be installed: $(PYTHON) needs venv or pip (Debian: apt-get install python3-venv)," >&2; \
			echo "and pip must reach a package index (PIP_INDEX_URL)" >&2; exit 1; }
	@rm -f .tools.log

$(INSTALLED): uv.lock pyproject.toml | $(UV)
	@echo "dependencies into .venv, as uv.lock says"
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --all-extras --quiet --python "$(PYTHON)" || { \
		echo "the dependencies could not be installed: check the package index and disk space, then make setup" >&2; exit 1; }
	@touch $@
