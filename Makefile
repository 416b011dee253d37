# make            the environment, then the whole default study: tables and figures under results/
# make test       the environment, then the test suite
# make export     the environment, the study, then its pruned model as a folder to hand on, results/export/
# make bench      the environment, then benchmarks: ratios in one run, tables and plots under results/bench/
# make bench-scale  memory and time of every stage by the number of documents, hours; BENCH=--quick: to 10,000
# make lint       the environment, then style, types and Snakemake's own advice
# make docs       the environment, then what is generated of the documents, then all of them as a site: site/index.html
# make clean      the studies that have results, with their sizes; make clean STUDY=smoke removes one
# make help       this list
#
# CORES=2 limits the cores of the study; STUDY=studies/smoke.yaml exports another one; PYTEST_ARGS="-k masks"
# goes to pytest; PYTHON=python3.12 chooses the interpreter that a new environment is made from.

CORES ?= all
PYTHON ?= $(shell for name in python3.11 python3; do $$name -c '' 2> /dev/null && echo $$name && break; done)
VENV := .venv
INSTALLED := $(VENV)/.installed
PIP_OPTIONS := --disable-pip-version-check --progress-bar off
RUN := $(VENV)/bin/python -m

# The environment is the pins and nothing else, whatever the caller's shell has set.
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

.PHONY: all export test bench bench-scale lint docs clean help

all: $(INSTALLED)
	@$(RUN) snakemake --cores $(CORES)

export: $(INSTALLED)
	@$(RUN) snakemake --cores $(CORES) $(addprefix --configfile ,$(STUDY))
	@$(VENV)/bin/python scripts export $(or $(STUDY),config.yaml)

# Collections that tests compare with may lie beside the checkout; tests that miss them say so.
test: $(INSTALLED)
	@if [ -z "$${DSI_TEST_DATA:-}" ] && [ -d ../shared/data ]; then \
		export DSI_TEST_DATA="$$(cd ../shared/data && pwd)"; \
	fi; \
	$(RUN) pytest $(PYTEST_ARGS)

# One thread, so that ratios do not depend on how many cores are free. BENCH=--quick leaves out the largest.
bench: export OMP_NUM_THREADS := 1
bench: $(INSTALLED)
	@$(VENV)/bin/python benchmarks/bench_training.py
	@$(VENV)/bin/python benchmarks/bench_masks.py $(BENCH)
	@$(VENV)/bin/python benchmarks/bench_ranking.py $(BENCH)

bench-scale: export OMP_NUM_THREADS := 1
bench-scale: $(INSTALLED)
	@$(VENV)/bin/python benchmarks/bench_scale.py $(BENCH)

lint: $(INSTALLED)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) snakefmt --check Snakefile rules
	$(RUN) snakemake --lint

docs: $(INSTALLED)
	@$(VENV)/bin/python docs/write_configuration.py
	@$(VENV)/bin/python docs/write_house.py
	@$(VENV)/bin/python docs/write_reference.py
	@$(VENV)/bin/python docs/write_artefacts.py
	@$(VENV)/bin/python docs/write_rules.py
	@rm -rf site
	@$(RUN) sphinx -qW --keep-going -c docs . site
	@echo "site/index.html, which opens and is searched from disk"

# The stamp holds the pins that are installed and is written last: an interrupted installation is done
# again, a requirements.txt that is only newer is not. Other pins start from nothing, so that no package
# of before stays behind. The constraints pin setuptools, too, where pip builds a package (by one name
# for older, by the other for newer versions of pip). All files but torch's have to be those of hashes.txt.
$(INSTALLED): export PIP_CONSTRAINT := envs/requirements.txt
$(INSTALLED): export PIP_BUILD_CONSTRAINT := envs/requirements.txt
$(INSTALLED): envs/requirements.txt envs/hashes.txt
	@if cmp -s $< $@; then touch $@; exit; fi; \
	set -e; \
	if [ -z "$(PYTHON)" ]; then \
		echo "error: neither python3.11 nor python3 was found; expected Python 3.11," \
			"for example: make PYTHON=/usr/bin/python3.11" >&2; exit 1; \
	fi; \
	"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' || { \
		echo "error: $(PYTHON) is $$("$(PYTHON)" --version 2>&1); expected Python 3.11 (or 3.12, with" \
			"which the pins are not tested), for example: make PYTHON=/usr/bin/python3.11" >&2; exit 1; }; \
	echo "Installing the environment into $(VENV) with $(PYTHON): once, a few minutes."; \
	"$(PYTHON)" -m venv --clear $(VENV); \
	{ $(RUN) pip install $(PIP_OPTIONS) --no-deps --require-hashes -r envs/hashes.txt && \
		$(RUN) pip install $(PIP_OPTIONS) -r $<; } > $(VENV)/install.log 2>&1 || { \
		tail -n 20 $(VENV)/install.log >&2; \
		echo "error: pip could not install the environment; all that it said: $(VENV)/install.log" >&2; exit 1; }; \
	cp $< $@

clean: $(INSTALLED)
	@$(VENV)/bin/python scripts clean $(if $(STUDY),--study "$(STUDY)")

help:
	@sed -n 's/^# make/make/p' Makefile
