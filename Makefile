# One command each; every one sets up .venv first where it is not there yet.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# torch first and alone: the constraints name its version, and an installed CPU build is never replaced.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Also where a shell forbids it: what is compiled once need not be compiled by each process of the tests.
export PYTHONDONTWRITEBYTECODE :=

# Without a browser the tests that need one say so: on a laptop they are skipped, where CI is set they fail.
APT := apt-get -qq -o Acquire::Retries=3
GET_BROWSER = if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; \
	then $(APT) update && DEBIAN_FRONTEND=noninteractive $(APT) install --yes --no-install-recommends chromium; \
	else $(BIN)/python -m playwright install chromium; fi

.PHONY: install report test test-all test-cuda browser check format verify bench bench-cluster bench-large docs screenshots builtin clean

install: $(READY)

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install "torch==$$(sed -n 's/^torch==//p' constraints.txt)"
	$(PIP) install --constraint constraints.txt --editable ".[dev]"
	$(BIN)/python -m compileall -q grader
	touch $(READY)

report: $(READY)  ## grade the sample class in submissions/ into report/
	$(BIN)/grader grade submissions --output report

# In the order of the files: those of many tests first, as by default, leaves the few long ones to one core at the end.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: $(READY) browser  ## what shows a mistake within minutes
	$(PYTEST)

test-all: test  ## and what repeats it many times, or for a whole class: twice as long in all
	$(PYTEST) -m exhaustive
	ALL_NINE=1 $(PYTEST) tests/examples

test-cuda: $(READY)  ## the tests that need a CUDA device, and nothing else
	$(BIN)/python -m pytest -m cuda

browser: $(READY)  ## a Chromium for the tests of the pages: Debian's where apt may install it, else Playwright's
	@$(BIN)/python tests/browser/chromium.py > /dev/null || $(GET_BROWSER) || echo "No browser: the tests of the pages are skipped."

check: $(READY)  ## format, lint, types, import rule
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_imports.py

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

verify: $(READY)  ## prove that the suite catches every known mistake
	$(BIN)/grader verify

docs: $(READY)  ## docs/ as a site, in build/docs/index.html; a dead link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict

builtin: $(READY)  ## the kit in the wheel, frozen anew: after a change in reference/ or in the freezer, and for a release
	$(BIN)/grader freeze --assignment . --output grader/builtin/gradient-descent.kit

screenshots: $(READY) browser  ## the pictures in docs/, of the sample class
	$(BIN)/python -m tests.browser.screenshots

bench-cluster: $(READY)  ## what dask costs a submission, and what a second worker gains
	$(BIN)/python bench/cluster.py

# N=100000 takes hours, and 20 GB of disk for evidence and pages.
N ?= 10000
bench-large: $(READY)  ## what the parent holds and costs of 1,000 submissions, and of N
	$(BIN)/python bench/large.py 1000 $(N)

bench: $(READY)  ## ratios, measured in one run
	$(BIN)/python bench/bench.py

clean:
	rm -rf .venv report build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
