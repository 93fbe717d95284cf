# Tenure's work bench. CLUSTER=local boots a Kubernetes on this machine (root, no Docker), CLUSTER=kind uses Docker,
# CLUSTER=current the current kubeconfig context (with IMAGE_REGISTRY=). Without it: kind where Docker and kind are, else local.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-loop test bench-serving up down status images generate lock lint

CLUSTER ?=
ARGS ?=
# Stories wait more than they compute, so a few of them run side by side.
WORKERS ?= 3
export CLUSTER IMAGE_REGISTRY
cluster := python3 tests/cluster
# Every recipe that needs the Python environment asks for it: it is made when the lock file changed.
python = "$$($(cluster) venv)/bin/python"

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  CLUSTER=local|kind|current chooses the cluster; make test ARGS='-k name -x' passes arguments to pytest"

demo:  ## From nothing to a prediction of a model in use
	@python3 tests/demo

demo-loop:  ## A world that turns: drift, fall of accuracy, one rebuild, a better champion, and a report with plots
	@python3 tests/demo/loop.py

test:  ## Lint, set up a cluster, run all tests on it
	@$(MAKE) --no-print-directory lint
	@$(cluster) setup
	@KUBECONFIG="$$($(cluster) kubeconfig)"; venv="$$($(cluster) venv)"; \
	 PATH="$$venv/bin:$$(dirname "$$($(cluster) tool kubernetes kubectl)"):$$PATH"; \
	 export KUBECONFIG PATH PYTHONPATH=operator PYTHONUNBUFFERED=1; \
	 ran=0; failed=0; beside=""; plain="$$(mktemp)"; \
	 trap 'kill $$beside 2> /dev/null || true; rm -f "$$plain"' EXIT; \
	 count() { case $$1 in 0) ran=1;; 5) ;; *) ran=1; failed=1;; esac; }; \
	 python -m pytest -n $(WORKERS) --dist loadfile -m "cluster and not alone" $(ARGS) && code=0 || code=$$?; count $$code; \
	 echo "The stories that are alone on the cluster, and beside them, at low priority, all tests that need none"; \
	 nice -n 10 python -m pytest -n 2 --dist loadfile -m "not cluster" $(ARGS) > "$$plain" 2>&1 & beside=$$!; \
	 python -m pytest -m alone $(ARGS) && code=0 || code=$$?; count $$code; \
	 wait $$beside && code=0 || code=$$?; beside=""; count $$code; cat "$$plain"; \
	 if (( ! ran )); then echo "no test was run"; exit 5; fi; exit $$failed

bench-serving:  ## Measure the model server against KServe, MLServer, FastAPI and BentoML (ARGS=--quick)
	@python=$(python); PYTHONPATH=operator "$$python" tests/bench/serving/run.py $(ARGS)

up:  ## Bring the cluster up; a live one stays as it is
	@$(cluster) up
	@echo "export KUBECONFIG=$$($(cluster) kubeconfig)"

down:  ## Take the cluster away and leave nothing behind
	@$(cluster) down

status:  ## Tell how each part of the cluster is
	@$(cluster) status

images:  ## Build the two images if their sources changed, and load them
	@$(cluster) images

generate:  ## Write crds/ from the API models and the plain manifests from the chart
	@python=$(python); helm="$$($(cluster) tool helm)"; \
	 PYTHONPATH=operator "$$python" -m tenure.api; \
	 "$$python" manifests/render.py "$$helm" > manifests/install.yaml.new; \
	 mv manifests/install.yaml.new manifests/install.yaml; \
	 "$$python" manifests/render.py "$$helm" governance > manifests/governance/policy.yaml.new; \
	 mv manifests/governance/policy.yaml.new manifests/governance/policy.yaml

lock:  ## Write operator/lock/*.txt anew from pyproject.toml
	@$(cluster) lock

lint:  ## Style, types, and who may import whom
	@python=$(python); \
	 "$$python" -m ruff check .; \
	 "$$python" -m ruff format --check .; \
	 "$$python" -m mypy; \
	 MYPYPATH=tests/cluster:tests/demo "$$python" -m mypy -p localkube -p showing; \
	 PYTHONPATH=operator "$$(dirname "$$python")/lint-imports"
