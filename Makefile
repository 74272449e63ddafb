# Everything sets itself up: Python >= 3.11, make and git are all that a machine needs (tools/setup.sh).
.DEFAULT_GOAL := help
.PHONY: help render check test lint types unit verify judges faults fuzz bench budget setup tools dist kubernetes-schemas help-text docs requirements clean

PAVIOR := .venv/bin/python -m pavior
ARGS ?=

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-20s %s\n", $$1, $$2}' Makefile

render: setup  ## render the fleet of this repository into rendered/
	@$(PAVIOR) render $(ARGS)

check: setup  ## all diagnostics, and whether rendered/ is up to date
	@$(PAVIOR) check $(ARGS)

verify: tools  ## kubeconform over rendered/
	@$(PAVIOR) verify $(ARGS)

test: lint types check verify unit  ## everything that must pass before a change lands

lint: setup
	@.venv/bin/ruff format --check --quiet . || { echo "run .venv/bin/ruff format" >&2; exit 1; }
	@.venv/bin/ruff check --quiet .

types: setup
	@.venv/bin/mypy

unit: tools
	@GOTOOLCHAIN=local PAVIOR_GO="$$(cat .tools/go-path)" PAVIOR_NODE="$$(cat .tools/node-path)/node" KUBECONFORM="$(CURDIR)/.tools/bin/kubeconform" \
		.venv/bin/python -m pytest --numprocesses auto --dist loadfile --quiet $(ARGS)

judges: setup  ## what other systems' own commands say of rendered/ and of the workflows (builds them with Go, which takes minutes, once)
	@sh tools/setup.sh node
	@sh tools/setup.sh judges
	@PATH="$$(cat .tools/node-path):$$PATH" && cd tools/judges && node catalogue.mjs && node dashboards.mjs
	@.venv/bin/python tools/judges/run.py $(ARGS)

faults: setup  ## 500 kills, 300 endings, full disks, many commands at once: what each leaves, and what completes it (takes an hour)
	@PAVIOR_KILLS=500 PAVIOR_ROUNDS=100 .venv/bin/python -m pytest --quiet --capture no $(ARGS) \
		tests/test_kills.py tests/test_faults.py tests/test_concurrent_runs.py tests/test_clocks.py tests/test_write_crash.py

MINUTES ?= 30
fuzz: setup  ## look for input that the compiler does not stand, for 30 minutes (MINUTES=5; ARGS="git emitted" for a part)
	@sh tools/setup.sh fuzz
	@PAVIOR_GO="$$(cat .tools/go-path 2>/dev/null || command -v go)" .venv/bin/python -m fuzz --minutes $(MINUTES) $(ARGS)

bench: setup  ## speed and memory on a generated fleet, beside cp, Helm, Kustomize and Kapitan (fetches them, once)
	@sh tools/setup.sh bench
	@.venv/bin/python -m benchmarks.run $(ARGS)

budget: setup  ## renew how many function calls a render may make, where more work is meant
	@.venv/bin/python -m benchmarks.budget --update

setup:
	@sh tools/setup.sh python

tools: setup
	@command -v git >/dev/null || { echo "pavior: git is missing: install it" >&2; exit 3; }
	@sh tools/setup.sh kubeconform
	@sh tools/setup.sh prometheus
	@sh tools/setup.sh node

dist: setup  ## the wheel and the source distribution, into dist/: the same bytes for the same commit
	@sh tools/release.sh build

kubernetes-schemas:  ## regenerate schemas/kubernetes out of the pinned packages (needs Node and npm)
	@command -v npm >/dev/null || { echo "pavior: npm is missing: install Node 20 or newer" >&2; exit 3; }
	cd tools/kubernetes-schemas && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node generate.mjs

help-text: setup  ## renew the kept text of `pavior --help`
	@.venv/bin/python tools/help_text.py

docs: setup  ## renew what the documentation shows: schemas, the reference of platform.yaml, outputs of commands
	@$(PAVIOR) schema --reference docs/platform-yaml.md --prerequisites docs/prerequisites.md
	@.venv/bin/python -m tests.documentation

requirements:  ## renew requirements.txt, and those of tools/, within what pyproject.toml allows
	@sh tools/requirements.sh

clean:  ## remove what make installed
	rm -rf .venv .tools dist dist-components tools/judges/node_modules tools/kubernetes-schemas/node_modules
