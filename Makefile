# Everything runs in a virtual environment made here on first use; only CPython, pip and a C compiler are needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_FLAGS ?= -q -n auto --maxprocesses=8

.PHONY: demo test test-cuda test-gpu lint docs golden bench clean

demo: $(VENV)/dev.stamp
	$(BIN)/python examples/demo.py

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

# Kernels compiled to the machine code of a GPU, which takes none: downloads about 200 MB of NVIDIA's compiler.
test-cuda: $(VENV)/cuda.stamp
	$(BIN)/python -m pytest $(PYTEST_FLAGS) tests/cuda/ptx.py

# The same kernels run on a GPU; prints why not where there is none.
test-gpu: $(VENV)/cuda.stamp
	$(BIN)/python -m tests.cuda.on_gpu

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check s2sad tests examples benchmarks docs
	$(BIN)/mypy

docs: $(VENV)/docs.stamp
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

# Rewrites the expected derivative sources and the README's: read the difference before committing it.
golden: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q tests/golden --regenerate
	$(BIN)/python docs/generate.py

bench: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/core.py --json bench.json
	$(BIN)/python benchmarks/speed.py --json speed.json

clean:
	rm -rf docs/_build docs/generated build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find s2sad tests examples benchmarks docs -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@

$(VENV)/cuda.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev,cuda]"
	touch $@

$(VENV)/docs.stamp: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]"
	touch $@
