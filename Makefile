# make demo and make test do everything from a fresh clone. TORCH and TORCH_INDEX choose another build of torch, e.g.
#   make setup TORCH=torch==2.13.0 TORCH_INDEX=<address of a package index>
PYTHON ?= python3
TORCH ?= torch==2.13.0
TORCH_INDEX ?=
DEMO ?= demo
BENCH ?= tests/benchmarks
FIGURES ?= docs/_figures
AGAIN ?= again
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: setup demo test lint bench figures from-scratch docs clean
.DELETE_ON_ERROR:

setup: .venv/.ready

# torch first and alone: asked for through the package it would be taken from wherever the newest build lies
.venv/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "belief-geometry needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(PIP) install -q $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) '$(TORCH)'
	$(PIP) install -q -e '.[test]'
	touch $@

.venv/.lint-ready: .venv/.ready
	$(PIP) install -q -e '.[lint]'
	touch $@

.venv/.docs-ready: .venv/.ready
	$(PIP) install -q -e '.[docs]'
	touch $@

# the peers as well: the table of the networks alone is BENCH=tests/benchmarks/test_network_speed.py
.venv/.bench-ready: .venv/.ready
	$(PIP) install -q -e '.[bench]'
	touch $@

demo: .venv/.ready
	$(BIN)/compmech demo -o $(DEMO)

test: .venv/.ready
	$(BIN)/python -m pytest -q -n auto

lint: .venv/.lint-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.bench-ready
	$(BIN)/python -m pytest -q $(BENCH) -rs --benchmark-enable --benchmark-group-by=group \
		--benchmark-timer=time.process_time --benchmark-columns=min,median,iqr,rounds -p no:xdist -o addopts=

figures: .venv/.ready
	$(BIN)/compmech figures -o $(FIGURES)

# what is recorded as well, in a copy of the documentation: days of one core
from-scratch: .venv/.ready
	$(BIN)/python docs/rebuild.py $(AGAIN)

# the pages show figures and quote numbers that are made, not kept; made again where what makes them is newer
docs/_figures/.made: .venv/.ready $(wildcard docs/figures/*.py docs/results/*.json) $(shell find compmech predictors probes -name '*.py')
	$(BIN)/compmech figures -o docs/_figures
	touch $@

docs: .venv/.docs-ready docs/_figures/.made
	$(BIN)/python -m sphinx -q -W -b html docs docs/_build/html
	@echo 'open docs/_build/html/index.html'

clean:
	rm -rf .venv demo docs/_build docs/_figures
