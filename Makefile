# `make demo` shows a living town; `make test` proves it. Everything is installed into .venv.
PYTHON ?= python3
PORT ?= 8000
SPEED ?= 10
BIN := .venv/bin
# Two things at once are told one after the other, where make is new enough for it.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# Compiled modules halve the time a server needs to start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-heavy test-browser check setup bench lock sbom audit screenshots clean

demo: setup
	$(BIN)/maas demo --port $(PORT) --speed $(SPEED)

test: setup .venv/proofs
	$(BIN)/pytest -n 2 -m "not heavy"
	$(MAKE) --jobs=2 --keep-going $(TOGETHER) test-heavy test-browser
	$(BIN)/python scripts/screens.py test

# Each by itself takes half an hour and, waiting for processes and pages, little more than a core.
test-heavy:
	$(BIN)/pytest -m "heavy and not browser"

test-browser:
	$(BIN)/pytest -m "heavy and browser"

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/python scripts/screens.py check

setup: .venv/ready
	$(BIN)/python scripts/screens.py build

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.11 ...')"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# What only tests compare with: it pins other versions than ours, or is too large for everybody.
.venv/proofs: requirements.nodeps.lock .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.nodeps.lock
	touch $@

bench: setup
	$(BIN)/python -m benchmarks

# Needs uv; names versions and hashes, never where they came from.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-annotate --quiet --output-file requirements.lock

# Needs uv: every part that is installed, as CycloneDX; what npm installs is in package-lock.json.
sbom: .venv/ready
	uvx --from cyclonedx-bom==7.5.0 cyclonedx-py environment .venv --output-file sbom.json

# What ruff's S rules find with their reasons, looked at once more by bandit itself.
audit: .venv/ready
	$(BIN)/bandit --quiet --severity-level high --recursive gtfs dispatcher busloc signage maas --exclude node_modules

screenshots: setup
	$(BIN)/python scripts/screenshots.py

clean:
	rm -rf .venv .demo node_modules signage/web/dist maas/web/dist
