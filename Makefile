# Each target first makes .venv from the lock, where it is missing or older than the lock.
# Where a driver knows an NVIDIA GPU, that is the lock with CUDA's libraries; LOCK=requirements.lock takes the other.
PYTHON ?= python3
GPU := $(shell nvidia-smi -L 2>/dev/null | grep "^GPU")
LOCK ?= requirements$(if $(GPU),-gpu).lock
UV := uv==0.13.8
READY := .venv/$(LOCK).ready

export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo repro test check smoke ui lint lock

demo: $(READY)  ## a VAE, a GAN and a text model in minutes, in a workspace of their own
	generative repro --profile demo

repro: $(READY)  ## rebuild every result that is out of date
	generative repro

test: $(READY)  ## the tests
	pytest

check: $(READY)  ## the slow tests
	pytest -m slow

smoke: $(READY)  ## the whole pipeline, small, in a workspace of its own
	generative repro --profile smoke

ui: $(READY)  ## the MLflow UI on 127.0.0.1:5000
	generative ui

lint: $(READY)  ## style, types and the floors of imports
	ruff check .
	ruff format --check .
	mypy
	lint-imports

lock: $(READY)  ## resolve the dependencies again
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --extra dev pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --extra dev --extra gpu pyproject.toml --output-file requirements-gpu.lock

$(READY): $(LOCK) pyproject.toml
	@echo "environment: .venv, of $(LOCK)"
	$(PYTHON) -m venv .venv
	pip install --quiet --disable-pip-version-check $(UV)
	uv pip install --quiet --compile-bytecode --require-hashes --requirement $(LOCK)
	uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
