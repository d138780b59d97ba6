# Every command of the project; a bare `make` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CUSTOMERS ?= 20
ROOM ?=
WORKERS ?= 2
MINUTES ?= 10
RATE ?= 5000
SEED ?=
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export SANDBOX ?= 1

.PHONY: help demo test faults soak bench check format lock docs screenshots clean services

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.demo  ## Run everything and play one third party's journey (ONCE=1 ends after it, CUSTOMERS=1000 for more)
	@python -m openbanking.demo --customers $(CUSTOMERS) $(if $(ONCE),--once)

test: $(VENV)/.test  ## Run the tests (ROOM=consents for one room, ARGS='-k word' for pytest's own)
	@python -m pytest -n $(WORKERS) --dist loadgroup $(if $(ROOM),tests/$(ROOM),tests) $(ARGS)

faults: $(VENV)/.test  ## Run the whole failure suite (SEED=7 to repeat a run, ARGS='-k word')
	@FAULTS=all SEED=$(SEED) python -m pytest tests/faults tests/streaming/test_reader.py $(ARGS)

soak: $(VENV)/.test  ## Keep a steady rate under random faults (MINUTES=10, RATE=5000, SEED=7)
	@python -m tests.faults.soak --minutes $(MINUTES) --rate $(RATE) $(if $(SEED),--seed $(SEED))

bench: $(VENV)/.test  ## Measure against limit and plain ways, on a quiet machine (ONLY='relay ingest', ROUNDS=5, SIZE=small to try)
	@python -m benchmarks $(ONLY)

check: $(VENV)/.test  ## Check format, lint, types, imports, migrations and contracts
	@ruff format --check .
	@ruff check .
	@mypy .
	@lint-imports --no-cache
	@python manage.py check
	@python manage.py makemigrations --check --dry-run
	@python manage.py events docs --check
	@python manage.py events gate
	@python -m tests.contracts.asyncapi

format: $(VENV)/.test  ## Put the code into its form
	@ruff format . && ruff check --fix .

services: $(VENV)/.demo  ## Start PostgreSQL, Kafka and Valkey only (python manage.py services down ends them)
	@python manage.py services up

docs: $(VENV)/.test  ## Write the generated documents anew: OpenAPI, event contracts
	@python manage.py spectacular --fail-on-warn --format openapi-json --file docs/openapi.json
	@python manage.py events docs --write

screenshots: $(VENV)/.test  ## Take pictures of every page into docs/screenshots
	@DJANGO_SETTINGS_MODULE=openbanking.settings python -m tests.support.screenshots

lock:  ## Compile requirements/*.txt anew from pyproject.toml
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/base.txt
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements/dev.txt

clean:  ## Remove the virtual environment and all data of the embedded services
	@-python manage.py services down
	rm -rf $(VENV) .services .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.demo: requirements/base.txt pyproject.toml
	@$(call install,requirements/base.txt)
	@touch $@

$(VENV)/.test: requirements/dev.txt pyproject.toml
	@$(call install,requirements/dev.txt)
	@touch $@ $(VENV)/.demo

define install
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	echo "Installing $(1) (pinned, with hashes)"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef
