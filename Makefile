# make demo and make test set up all they need in .venv; the stamp makes the second call quick.
PYTHON ?= python3
export HF_HUB_OFFLINE = 1
BIN = .venv/bin

.PHONY: demo test lint types docs wheel clean

.venv/stamp: pyproject.toml constraints.txt src/policydiff/__init__.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

demo: .venv/stamp
	$(BIN)/policydiff compare fixtures/koebenhavn-2023/udkast.md fixtures/koebenhavn-2023/hoeringssvar-tingbjerg.txt

lint: .venv/stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/stamp
	$(BIN)/mypy

test: lint types
	$(BIN)/pytest

docs: .venv/stamp
	$(BIN)/mkdocs build

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
