# make            the environment, then the whole default study: tables and figures under results/
# make test       the environment, then the test suite
# make lint       style and types
# make clean      remove results, keep the environment

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
INSTALLED := $(VENV)/.installed
CORES ?= all

# The environment is the pins and nothing else, whatever the caller's shell has set.
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.PHONY: all test lint clean help

all: $(INSTALLED)
	@$(VENV)/bin/snakemake --cores $(CORES)

test: $(INSTALLED)
	@if [ -z "$$DSI_TEST_DATA" ] && [ -d ../shared/data ]; then \
		export DSI_TEST_DATA="$$(cd ../shared/data && pwd)"; \
	fi; \
	$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

lint: $(INSTALLED)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/snakefmt --check Snakefile rules
	$(VENV)/bin/snakemake --lint

# The stamp comes last, so that an interrupted installation is done again.
$(INSTALLED): envs/requirements.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
		echo "error: $(PYTHON) is $$("$(PYTHON)" --version 2>&1); the pins need Python 3.11;" \
			"name one, for example: make PYTHON=/usr/bin/python3.11" >&2; exit 1; }
	@echo "Installing the environment into $(VENV) (a few minutes, once)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	@touch $@

clean:
	rm -rf results .snakemake

help:
	@sed -n 's/^# make/make/p' Makefile
