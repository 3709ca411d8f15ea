# The two commands are `make run` and `make test`; every target sets up what it needs and works twice in a row.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true
export UV_PROJECT_ENVIRONMENT := .venv
# Compiled once, read by each of the hundred processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
ASSETS := src/parley/web/static/vendor/.stamp
DEBIAN := bash tools/debian-packages
BENCHES := $(patsubst bench/%.py,bench-%,$(wildcard bench/*.py))

.PHONY: help run test check soak fuzz deps setup setup-dev debian $(BENCHES)

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16
	@echo "bench-NAME      one of: $(BENCHES)"

run: setup ## set up, place demo calls, print the console's address and sign-ins, run until interrupted
	@.venv/bin/parley demo

test: setup-dev debian check ## set up and pass the tests
	@$(PY) -m pytest -m "not soak and not alone" --numprocesses auto --maxprocesses 4 --dist loadfile
	@$(PY) -m pytest -m "alone and not soak"

check: setup-dev ## format, lint, types, import layers, migrations, personal data
	@.venv/bin/ruff format --check src tests bench
	@.venv/bin/ruff check src tests bench
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache
	@$(PY) -m parley.project.checks

soak: setup-dev debian ## the full-size tests (hours allowed; every number of the issues)
	@$(PY) -m pytest -m soak --timeout 7200

fuzz: setup-dev ## random hostile input against every parser, SECONDS=60
	@PARLEY_FUZZ_SECONDS=$(or $(SECONDS),60) $(PY) -m pytest tests/fuzz --timeout 7200

$(BENCHES): bench-%: setup-dev debian
	@$(PY) bench/$*.py $(ARGS)

deps: setup-dev ## what we stand on, with licences and newer versions
	@$(UV) tree --depth 1 --outdated

debian: ## Debian packages that the tests use (installs as root, else prints the line for an administrator)
	@$(DEBIAN)

setup: .venv/.run $(ASSETS)
setup-dev: .venv/.dev $(ASSETS) .tools/aics/.stamp

.tools/uv/bin/uv:
	@$(DEBIAN) --python
	@python3 -m venv .tools/uv && .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==0.13.9"

.venv/.run: uv.lock pyproject.toml | $(filter .tools%,$(UV))
	@echo "Installing Python packages ..."
	@$(UV) sync --quiet --frozen --no-dev --inexact
	@touch $@

.venv/.dev: uv.lock pyproject.toml | $(filter .tools%,$(UV))
	@echo "Installing Python packages for development ..."
	@$(UV) sync --quiet --frozen --inexact
	@touch $@ .venv/.run

$(ASSETS): package-lock.json src/parley/web/assets.py | .venv/.run
	@echo "Installing the console's assets ..."
	@$(PY) -m parley.web.assets
	@touch $@

# An independent reader of C2SP logs, for the tests alone. Its metadata asks for Python 3.12, its code runs on 3.11.
.tools/aics/.stamp: | .venv/.dev
	@$(UV) pip install --quiet --python $(PY) --python-version 3.12 --no-deps --target .tools/aics "aics-tlog==0.2.1"
	@touch $@
