# aklo-trace: 'make help' lists what there is. V=1 shows the commands.
PYTHON ?= python3
CLANG ?= clang
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 3
Q := $(if $(V),,@)
export PYTHON CLANG V

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what is missing; leaves the command at .venv/bin/aklo-trace
	$(Q)scripts/setup.sh run

setup-dev: ## The same, with what the tests and checks need
	$(Q)scripts/setup.sh dev

demo: setup ## Trace the example's 'aklo cache benchmark' and print the report
	$(Q)scripts/demo.sh

test: setup-dev ## Run all tests, several modules at a time (JOBS=0: one by one)
	$(Q)$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

bashes: ## Build bash 5.1 and 5.3 into .bashes, for the tests of attribution
	$(Q)scripts/bashes.sh .bashes

lint: setup-dev ## Check style, types and shell scripts
	$(Q)$(BIN)/ruff check -q . && $(BIN)/ruff format --check -q .
	$(Q)$(BIN)/mypy
	$(Q)shellcheck -x scripts/*.sh tracer/aklo_trace/completion/*.bash .ci/run

wheel: setup ## Build a wheel that carries the BPF object into dist/
	$(Q)rm -f dist/aklo_trace-*.whl
	$(Q)$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	@echo "wheel: $$(ls -t dist/*.whl | head -n 1)"

man: setup ## Write the manual page to build/aklo-trace.1
	$(Q)mkdir -p build
	$(Q)$(BIN)/python scripts/man_page.py >build/aklo-trace.1

docs: setup-dev ## Build the documentation as a site, into site/
	$(Q)$(BIN)/mkdocs build --strict
	@echo "docs: site/index.html"

bench: setup-dev ## Measure what tracing costs, in interleaved pairs (takes minutes)
	$(Q)$(BIN)/python -m benchmarks

clean: ## Remove what was built; the virtual environment stays
	$(Q)$(MAKE) -s -C bpf clean
	$(Q)rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

.PHONY: help setup setup-dev demo test bashes lint wheel man docs bench clean
