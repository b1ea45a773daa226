# Short targets, each one line that can also be typed.
PYTHON ?= python3
VENV := .venv
PORT ?= 8000
DEMO_HOME ?= .demo
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: setup demo test bench lint lock clean

setup: $(VENV)/.run

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	    { echo "This needs Python 3.11, 3.12 or 3.13 with venv (Debian: apt-get install python3-venv); to name another: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: setup
	@exec $(VENV)/bin/sdmx-hub --home $(DEMO_HOME) demo --port $(PORT)

test: $(VENV)/.dev
	@tests/provide.sh
	@tests/run.sh

bench: $(VENV)/.dev
	$(VENV)/bin/python -m bench

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy && $(VENV)/bin/lint-imports

lock:
	uv pip compile $(LOCK) --group build --group test --group lint pyproject.toml -o requirements-dev.lock
	uv pip compile $(LOCK) --group build -c requirements-dev.lock pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) $(DEMO_HOME) build dist .cache
