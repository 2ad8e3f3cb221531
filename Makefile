# All that is done with this project. Needs make and Python 3.11 or newer, nothing else.

PY := .venv/bin/python
# Notebooks under test leave their runs here, not among yours.
PYTEST := FULFILLTOOLS_RUNS="$(CURDIR)/build/test-runs" $(PY) -m pytest -rs -n 2 \
	--nbval --nbval-current-env --nbval-cell-timeout=120 --nbval-sanitize-with=tests/nbval.cfg

.PHONY: report test check lint types layers fresh lab picture notebooks fix bench clean

report: .venv/made  ## the report, of your shop if it is set, else of the demo shop (ARGS="--since ...")
	@$(PY) -m fulfilltools run $(ARGS)

test: .venv/made  ## the tests; those that need Chromium are skipped, with a word, where it is missing
	@rm -rf build/test-runs
	@$(PYTEST) tests notebooks $(ARGS)

check: lint types layers fresh test  ## all that CI runs

lint: .venv/made
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: .venv/made
	@$(PY) -m mypy

layers: .venv/made
	@.venv/bin/lint-imports

fresh: .venv/made
	@$(PY) scripts/refresh_notebooks.py --check
	@$(PY) scripts/refresh_texts.py --check

lab: .venv/made  ## JupyterLab on the notebooks
	@$(PY) -m fulfilltools lab $(ARGS)

picture: .venv/made  ## the picture of the README, by Chromium
	@$(PY) scripts/refresh_picture.py

notebooks: .venv/made  ## run the shipped notebooks again and keep their outputs
	@$(PY) scripts/refresh_notebooks.py

fix: .venv/made notebooks  ## whatever a tool can put right
	@$(PY) scripts/refresh_docs.py
	@$(PY) scripts/refresh_texts.py
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: .venv/made  ## the benchmarks, written to docs/benchmarks.md
	@$(PY) benchmarks/bench.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# The environment is made once, and again when pyproject.toml has changed.
.venv/made: pyproject.toml
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python none; do \
		[ $$python != none ] || { echo "Python 3.11 or newer, with its venv module, is not here." \
			"Install it (Debian: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3" >&2; exit 1; }; \
		$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	[ -x $(PY) ] && $(PY) -c '' 2>/dev/null || { \
		echo "Making .venv with $$python ($$($$python --version)); this takes a minute or two." >&2; \
		$$python -m venv --clear .venv; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
