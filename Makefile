# Everything a newcomer types and CI runs. `make` alone lists it.
#
# .venv holds what serving needs and no more; .venv-dev holds all of it and training, tests and
# checks besides; .venv-clients holds clients that others wrote. Each is remade when its lock file
# changes.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
RECIPE ?= production
MODEL ?= pretrained
IMAGE ?= alexnet-digits
ARGS ?=
CONTENDERS ?=

SERVE = .venv/bin/python
DEV = .venv-dev/bin/python
PIP_TOOLS = pip-tools==7.6.2
SBOM_TOOL = cyclonedx-bom==7.5.0

SCALE ?= 0.1

# Every step of training takes and returns buffers of up to 80 MB. Kept, and on huge pages, they cost
# no page faults: 0.70 instead of 0.84 s a step on two cores.
KEEP_MEMORY = GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=8589934592

.DEFAULT_GOAL := help
.PHONY: help serve test test-browser test-bulk test-clients test-deploy test-faults screenshots \
	test-container docs check format train images bench image lock sbom clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

serve: .venv/installed ## serve the model on http://127.0.0.1:8000 (HOST=, PORT=)
	@HOST=$(HOST) PORT=$(PORT) $(SERVE) -m app

# Each of these wants something of its own: a Docker engine, a browser, Prometheus, other clients, a
# cluster, time.
APART = container browser bulk deploy clients faults

test: .venv-dev/installed ## run every test that needs nothing but Python (ARGS="-k batching")
	$(DEV) -m pytest $(APART:%=--ignore=tests/%) $(ARGS)

test-browser: .venv-dev/installed ## test the page in a real browser (needs Debian's chromium)
	$(DEV) -m pytest tests/browser $(ARGS)

test-deploy: .venv-dev/installed ## test rules and dashboard (needs Debian's prometheus)
	$(DEV) -m pytest tests/deploy $(ARGS)

screenshots: .venv-dev/installed ## take pictures of the page of a running service (PORT=)
	$(DEV) -m tests.browser.screenshots screenshots --address http://$(HOST):$(PORT) $(ARGS)

test-bulk: .venv-dev/installed ## score in bulk on a Ray cluster of two nodes, and kill one
	$(DEV) -m pytest tests/bulk $(ARGS)

test-clients: .venv-clients/installed .venv-dev/installed ## ask the service with clients that others wrote
	PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 SERVICE_PYTHON=$(DEV) .venv-clients/bin/python -m pytest -W default \
		--confcutdir=tests/clients tests/clients $(ARGS)

test-faults: .venv-dev/installed ## break the service in every way and print what it stood (SCALE=1: the whole)
	SCALE=$(SCALE) $(DEV) -m pytest tests/faults -s $(ARGS)

test-container: .venv-dev/installed ## build the images for real and test them (needs Docker and docker-compose)
	$(DEV) -m pytest tests/container $(ARGS)

docs: .venv-dev/installed ## write what the code says of itself into docs/
	$(DEV) -m docs

check: .venv-dev/installed ## lint, format, types, import rules, lock files
	$(DEV) -m ruff check .
	$(DEV) -m ruff format --check .
	$(DEV) -m mypy
	.venv-dev/bin/lint-imports
	scripts/check-locks

format: .venv-dev/installed ## let ruff rewrite what it can
	$(DEV) -m ruff check --fix .
	$(DEV) -m ruff format .

train: .venv-dev/installed ## train a new version into models/ (RECIPE=tutorial|production|smoke)
	$(KEEP_MEMORY) $(DEV) -m training --recipe $(RECIPE) $(ARGS)

images: .venv-dev/installed ## read pictures of every kind, print how many rightly (ARGS="--scale 0.1"; needs Debian's fontconfig)
	$(DEV) -m benchmarks.images $(ARGS)

bench: .venv-dev/installed ## measure the speed beside others (CONTENDERS=floor,ours; needs Debian's wrk, nghttp2-client)
	$(DEV) -m benchmarks.speed --contenders "$(CONTENDERS)" $(ARGS)

image: ## build the container image (MODEL=pretrained|trained, RECIPE=, ARGS=)
	DOCKER_BUILDKIT=1 docker build --build-arg MODEL=$(MODEL) --build-arg RECIPE=$(RECIPE) \
		--tag $(IMAGE) $(ARGS) .

lock: .venv-lock/installed ## bring the lock files up to pyproject.toml (ARGS=--upgrade: all anew)
	scripts/lock $(ARGS)

sbom: .venv-sbom/installed ## list what is served with as CycloneDX, in build/sbom.json
	@mkdir -p build
	.venv-sbom/bin/cyclonedx-py requirements --output-reproducible --output-file build/sbom.json \
		requirements/serve.txt

clean: ## remove the environments and every cache of this folder
	rm -rf .venv .venv-dev .venv-clients .venv-lock .venv-sbom .venv-bench \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find app benchmarks training tests -name __pycache__ -prune -exec rm -rf {} +

# The newest Python that all wheels of a lock file exist for.
.venv/installed: NEWEST = 3, 14
.venv-dev/installed .venv-clients/installed: NEWEST = 3, 13
# The lock of the clients leaves out one package that they ask for.
.venv-clients/installed: PIP_OPTIONS = --no-deps
.venv/installed: requirements/serve.txt
.venv-dev/installed: requirements/dev.txt
.venv-clients/installed: requirements/clients.txt
.venv/installed .venv-dev/installed .venv-clients/installed:
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info[:2] <= ($(NEWEST)) or sys.exit( \
		"This needs Python 3.11 to %d.%d, and $(PYTHON) is %d.%d. Name another: make PYTHON=python3.11 ..." \
		% ($(NEWEST), *sys.version_info[:2]))'
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: $(PIP_OPTIONS) --requirement $<
	@touch $@

.venv-lock/installed: Makefile
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_TOOLS)
	@touch $@

.venv-sbom/installed: Makefile
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $(SBOM_TOOL)
	@touch $@
