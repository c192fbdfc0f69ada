# Relais. `make help` lists what there is; `make run` and `make test` set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON ?=
export PYTHON
BIN := .venv/bin

.PHONY: help setup setup-test run check test test-all transcripts locales migrate bench console lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: ## Make .venv (with relais and relais-bot in .venv/bin) and build the console
	@scripts/setup run

setup-test:
	@scripts/setup test

run: setup ## Serve everything on http://127.0.0.1:8000 (RELAIS_PORT moves it); Ctrl-C stops it
	@exec $(BIN)/relais run

check: setup-test ## Linters and types only: ruff, mypy, import-linter, tsc
	@scripts/test check

test: setup-test ## All checks and tests but the long ones
	@scripts/test

test-all: setup-test ## The long tests too: chaos, soak, load
	@scripts/test all

transcripts: setup-test ## Write tests/transcripts anew from the engine; read the diff
	@$(BIN)/pytest -q --write-transcripts tests/transcripts

locales: setup-test ## Extract every text and update the catalogues (i18n/locales)
	@$(BIN)/relais locale update

migrate: setup ## Bring the database (RELAIS_DATABASE_URL, or SQLite under var/) up to date
	@$(BIN)/relais db upgrade

bench: setup-test ## Measure against peers; writes bench/results.json
	@$(BIN)/python -m bench

console: setup ## Build console/dist where its sources changed (part of setup)

lock: ## Write requirements/*.lock from pyproject.toml (needs uv)
	@scripts/lock

clean: ## Remove what was built; var/ (the data) stays
	@rm -rf .venv .setup.lock console/node_modules console/dist tests/node/node_modules \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
