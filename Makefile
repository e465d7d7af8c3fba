# make run: install and start. make test: everything. make wheels: for machines without a package index.
PYTHON ?= python3.11
HOST ?= 127.0.0.1
PORT ?= 8501
WHEELS ?=
PIP_SOURCE = $(if $(WHEELS),--no-index --find-links $(WHEELS),)
BIN = .venv/bin

.PHONY: run test install install-dev browser wheels lint screenshots clean

# glibc lets each of Streamlit's many threads keep what it frees: with two arenas memory does not grow with the searches.
run: install
	MALLOC_ARENA_MAX=2 $(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT)

install: .venv/.installed
install-dev: .venv/.installed-dev

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or name it: make run PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv

# torch first: the other packages would pull a build with gigabytes of CUDA.
.venv/.installed: requirements.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_SOURCE) "$$(grep '^torch==' requirements.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_SOURCE) -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_SOURCE) -r requirements-dev.txt
	@touch $@

wheels: .venv/bin/python
	mkdir -p wheels
	$(BIN)/pip download --quiet --dest wheels "$$(grep '^torch==' requirements.txt)"
	$(BIN)/pip download --quiet --dest wheels -r requirements.txt

browser:
	@.ci/browser

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: install-dev browser lint
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --ignore tests/browser
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest tests/browser

screenshots: install-dev browser
	$(BIN)/python docs/screenshots.py

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
