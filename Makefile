PYTHON ?= python3
ARGS ?=
STEPS ?= 1000000
MEMBERS := shared $(wildcard services/*)
PROJECTS := pyproject.toml $(MEMBERS:%=%/pyproject.toml)
READY := .venv/ready

# Nothing outside the checkout is written; certificates are the machine's own, so that a company's proxy works too.
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export UV_SYSTEM_CERTS := 1
UV := .venv/bin/uv --quiet
# Two processes, and the files in their order: the longest are those with few tests, and would otherwise come last, alone.
TEST_ALL := --numprocesses 2 --dist loadfile --no-loadscope-reorder
INSTALL := $(UV) pip install --python .venv/bin/python
PIN := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --annotation-style line --custom-compile-command "make pins" \
	$(patsubst %,--no-emit-package sluice-%,$(notdir $(MEMBERS))) $(ARGS)

.PHONY: help up test fuzz faults bench check fmt openapi kafka pins clean

help: ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

up: $(READY) ## start the whole system here: make up ARGS="--port 9000 --no-demo"
	@exec .venv/bin/sluice up $(ARGS)

test: $(READY) ## run the tests: make test ARGS="tests/router -k rank"
	@.venv/bin/pytest $(if $(ARGS),$(ARGS),$(TEST_ALL))

fuzz: $(READY) ## random worlds, then odd questions to every address: make fuzz STEPS=100000 ARGS="--minutes 60 --seed 7"
	@.venv/bin/python -m tests.worlds --steps $(STEPS)
	@.venv/bin/python -m tests.public_api.fuzz $(ARGS)

faults: $(READY) ## do harm again and again and write docs/faults.md, over an hour on two cores: make faults ARGS="--only 'router:*' --runs 3"
	@.venv/bin/python -m tests.faults $(or $(ARGS),--out docs/faults.md)

bench: $(READY) ## measure how fast it is, some half an hour: make bench ARGS="--only orders,floor" or ARGS=--quick
	@.venv/bin/python -m bench $(ARGS)

check: $(READY) ## lint, format, types and import rules; quiet when all is well
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/mypy --no-error-summary
	@report=$$(.venv/bin/lint-imports --no-logo --cache-dir .cache/import-linter) || { echo "$$report"; exit 1; }

fmt: $(READY) ## format the code and mend what can be mended without a person
	@.venv/bin/ruff check --quiet --fix-only
	@.venv/bin/ruff format --quiet

openapi: $(READY) ## write docs/api/openapi.json again, after a change of the HTTP interface
	@.venv/bin/python -m deploy.local.documents

kafka: $(READY) ## start a broker for hand use: Apache Kafka where Java and Maven exist
	@exec .venv/bin/python -m deploy.local.apache_kafka $(ARGS)

pins: $(READY) ## pin the dependencies again: make pins ARGS=--upgrade takes newer ones
	@$(PIN) --output-file requirements.txt --extra local --group dev pyproject.toml
	@$(PIN) --output-file requirements-install.txt --constraints requirements.txt --group install
	@$(PIN) --output-file deploy/docker/requirements.txt --constraints requirements.txt pyproject.toml

clean: ## remove what was installed and cached; what `sluice up` keeps in .sluice stays
	rm -rf .venv .cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.txt requirements-install.txt $(PROJECTS)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Sluice needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	@echo "Installing into .venv (only when the pins or a pyproject.toml have changed)"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-install.txt
	@$(INSTALL) --require-hashes --compile-bytecode -r requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable . $(MEMBERS:%=--editable %)
	@touch $@
