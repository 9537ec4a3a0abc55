# `make help` lists the targets. Everything runs in .venv, which is made from requirements.lock (hashes, no index addresses).
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 4

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(VENV)/.installed ## A minute's story on a real API server and an AWS emulator (ARGS=--keep leaves it running)
	@$(BIN)/ivs-operator demo $(ARGS)

.PHONY: test
test: $(VENV)/.installed control-plane engines browser ## All tests: core, emulator, CRDs on a real API server, end-to-end walks, chart
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

.PHONY: lint
lint: $(VENV)/.installed ## Style, types, the dependency rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.installed ## Rewrite the sources in house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: generate
generate: $(VENV)/.installed ## Write every generated file anew (CRDs, the chart's, what GitOps tools read)
	$(BIN)/ivs-operator crds --output-dir crds
	PYTHONPATH=tests $(BIN)/python -m observability.dashboard
	PYTHONPATH=helm $(BIN)/python -m chart_sources
	PYTHONPATH=tests $(BIN)/python -m gitops.generated
	PYTHONPATH=docs $(BIN)/python -m site_sources
	PYTHONPATH=tests $(BIN)/python -m docs.captures --same

.PHONY: pictures
pictures: $(VENV)/.installed control-plane engines browser ## Draw every command's picture anew from what it really prints (minutes)
	PYTHONPATH=tests $(BIN)/python -m docs.captures

.PHONY: fresh
fresh: generate ## Fail when a generated file is not what the code generates
	git diff --exit-code -- crds helm manifests docs

.PHONY: docs
docs: $(VENV)/.installed ## Build the documentation site into build/site, every warning an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(ARGS)

.PHONY: image
image: ## Build the image with docker, podman or buildah (ARGS=--help lists the options)
	@image/build.sh $(ARGS)

.PHONY: kind
kind: $(VENV)/.installed ## Image and chart in a kind cluster, then the end-to-end tests there (needs docker, kind, kubectl, helm)
	@WORKERS=$(WORKERS) image/kind.sh $(ARGS)

.PHONY: model
model: $(VENV)/.installed ## Explore the planner's worlds at length (an hour or so; ARGS=--help tells what can be set)
	PYTHONPATH=tests $(BIN)/python -m model $(ARGS)

.PHONY: chaos
chaos: $(VENV)/.installed ## Play thousands of seeded schedules in virtual time (ARGS=--help tells what can be set)
	PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

.PHONY: bench
bench: $(VENV)/.installed control-plane ## Measure, and write docs/benchmarks.md with its plots (ARGS=--help tells what can be set)
	PYTHONPATH=tests $(BIN)/python -m benchmarks $(ARGS)

.PHONY: control-plane
control-plane: $(VENV)/.installed ## Find or build etcd, kube-apiserver, kube-controller-manager and kubectl (minutes, once)
	@$(BIN)/python -m ivs_sandbox

.PHONY: engines
engines: $(VENV)/.installed ## Find or build what the tests hand our artifacts to: helm, kubeconform, promtool, ... (minutes, once)
	@PYTHONPATH=tests $(BIN)/python -m support.engines

.PHONY: browser
browser: ## Find or install Chromium, in which the inventory's page is tried (as root on Debian or Ubuntu)
	@command -v chromium >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "tests need Chromium: apt-get install chromium" >&2; exit 1; }; \
	  echo "installing chromium (a minute)"; export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; }

.PHONY: lock
lock: $(VENV)/.installed ## Resolve the dependencies anew into requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --group dev --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --upgrade --quiet --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --constraint requirements.lock --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --upgrade --quiet --output-file image/requirements.lock

.PHONY: clean
clean: ## Remove the virtual environment and caches of the checkout
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed, {sys.executable} is {v.major}.{v.minor}; set PYTHON=...")'
	@echo "making $(VENV) from requirements.lock (about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
