# `make figures` runs the main job, `make test` checks everything, `make test-slow` checks what takes long: the slow tests,
# and all others with the lowest versions of the dependencies that pyproject.toml declares. All create what they need.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
WORKERS ?= 2
LOWEST  = $(VENV)/lowest

.PHONY: figures test test-slow lint types check gallery clean

figures: $(VENV)/.installed
	$(BIN)/qbsim run santos2021 arjmandi2022 --out figures --workers $(WORKERS)
	$(BIN)/qbsim verify santos2021 arjmandi2022 --out figures

# The images that the pages show.
gallery: $(VENV)/.installed
	$(BIN)/qbsim run santos2021.fig4 beyond.eta_scaling --out figures --workers $(WORKERS)
	cp figures/santos2021_fig4.png figures/beyond_eta_scaling.png docs/images/
	$(BIN)/qbsim sweep disorder --cells 2:5 --states plus --realizations 60 --seed 1 --workers $(WORKERS) --out figures/chains
	$(BIN)/qbsim plot figures/chains --heat N --out docs/images/heat_map.png

test: lint types check

lint: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test-installed
	$(BIN)/mypy

check: $(VENV)/.test-installed
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile -m "not slow" -q

test-slow: $(VENV)/.test-installed $(LOWEST)/.installed
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow -q
	OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest -n 2 --dist loadfile -m "not slow" -q

$(LOWEST)/.installed: pyproject.toml tests/lowest.py | $(VENV)/bin/python
	rm -rf $(LOWEST)
	$(PYTHON) -m venv $(LOWEST)
	$(BIN)/python tests/lowest.py > $(LOWEST)/versions.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -r $(LOWEST)/versions.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.test-installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) figures/*.nc figures/*.png figures/*.pdf
