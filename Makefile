.DEFAULT_GOAL := help
SERVE := .venv/bin/python
DEV := .venv-dev/bin/python
UV := .venv-dev/bin/uv
COMPILE := $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --override requirements/overrides.txt --custom-compile-command "make lock"
PYTEST := $(DEV) -m pytest
export PYTHON

.PHONY: help run bootstrap dev-bootstrap client migrate admin api worker sweeper courier
.PHONY: test test-integration test-model test-e2e lint typecheck models-check check format bench bench-bulk bench-baselines model small-model lock clean chaos recovery load check-compose bandit audit fuzz

help: ## Print what each target does
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{ printf "  %-18s %s\n", $$1, $$2 }'

run: bootstrap ## Install what is missing, then start the whole service; Ctrl-C stops it
	@exec $(SERVE) -m embedded --end-with-parent

bootstrap: ## Install the serving set (no torch) into .venv
	@sh embedded/bootstrap.sh serve

dev-bootstrap: ## Install the tests, linters and torch into .venv-dev
	@sh embedded/bootstrap.sh dev

client: ## Install the command sentiq into .venv-client
	@sh embedded/bootstrap.sh client

migrate: bootstrap ## Bring the database up to date
	@$(SERVE) -m migrations.upgrade

admin: bootstrap ## Make, list, revoke or rotate keys: make admin ARGS="keys create --tenant shop"
	@$(SERVE) -m admin $(ARGS)

api: bootstrap ## Start only the API (needs SENTIQ_BROKER_URL)
	@exec $(SERVE) -m gunicorn -c api/gunicorn_conf.py api.wsgi:app

worker: bootstrap ## Start only a worker (needs SENTIQ_BROKER_URL)
	@exec $(SERVE) -m worker

sweeper: bootstrap ## Start only the sweeper (needs SENTIQ_BROKER_URL)
	@exec $(SERVE) -m worker.sweeper

courier: bootstrap ## Start only the courier (needs SENTIQ_BROKER_URL)
	@exec $(SERVE) -m worker.courier

test: bootstrap dev-bootstrap ## Run every test
	$(PYTEST) -n 2 --dist loadgroup

test-integration: bootstrap dev-bootstrap ## Run the tests on real servers
	$(PYTEST) tests/integration tests/faults

test-model: dev-bootstrap ## Run the tests on the real model
	$(PYTEST) -m model

test-e2e: bootstrap dev-bootstrap ## Run the whole service, as a user would
	$(PYTEST) tests/e2e

chaos: bootstrap dev-bootstrap ## Break the running service for 30 minutes and account for every text; in parts by ARGS="--help"
	$(DEV) -m tests.chaos $(ARGS)

recovery: bootstrap dev-bootstrap ## Measure how soon work goes on after a death, twenty times over
	$(DEV) -m tests.chaos.recovery $(ARGS)

load: bootstrap dev-bootstrap ## Hold the service at 70 % of what it can do: make load ARGS="--minutes 30"
	$(DEV) -m tests.chaos.load $(ARGS)

lint: dev-bootstrap ## Check style and the direction of imports
	@.venv-dev/bin/ruff check .
	@.venv-dev/bin/ruff format --check .
	@.venv-dev/bin/lint-imports
	@cd client/src && ../../.venv-dev/bin/lint-imports --config ../pyproject.toml

typecheck: dev-bootstrap ## Check types, strictly
	@.venv-dev/bin/mypy .

bandit: dev-bootstrap ## Look for patterns of code that have gone wrong elsewhere
	@.venv-dev/bin/bandit --quiet --configfile pyproject.toml --recursive admin api client/src deploy embedded migrations modelkit shared worker

audit: dev-bootstrap ## Ask the advisory service about every locked package (needs the network; 3: it had no answer)
	@$(DEV) -m tests.hostile.audit

fuzz: bootstrap dev-bootstrap ## Send a service of its own 10,000 hostile requests: make fuzz ARGS="--seed 7 --cases 20000"
	$(DEV) -m tests.hostile $(ARGS)

models-check: dev-bootstrap ## Check that the migrations make exactly the tables of the models
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	export SENTIQ_STATE_DIR="$$folder" SENTIQ_DATABASE_URL="sqlite:///$$folder/check.db" && \
	$(DEV) -m migrations.upgrade && $(DEV) -m alembic check

check-compose: ## Let docker compose read docker-compose.yml, where that client is installed
	@if docker compose version >/dev/null 2>&1; then \
		folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cp docker-compose.yml "$$folder" && \
		sh deploy/secrets.sh "$$folder/secrets" >/dev/null && \
		docker compose --project-directory "$$folder" --file "$$folder/docker-compose.yml" --profile monitoring config --quiet && \
		echo "docker-compose.yml: docker compose reads it."; \
	else echo "docker-compose.yml: not read by docker compose, which is not installed here; tests/deploy checks it all the same."; fi

check: check-compose lint typecheck bandit models-check bootstrap ## Everything but the long tests: compose, lint, types, bandit, migrations, structure, README
	$(PYTEST) tests/structure tests/e2e/test_readme.py

format: dev-bootstrap ## Put the code into the house's form
	@.venv-dev/bin/ruff check --fix .
	@.venv-dev/bin/ruff format .

bench: bootstrap dev-bootstrap ## Measure speed, waiting and memory; write the table into docs/
	$(DEV) -m bench

bench-bulk: bootstrap dev-bootstrap client ## Measure uploads and a job of a million texts, in half an hour; fewer by ARGS="--texts 50000"
	$(DEV) -m bench.bulk $(ARGS)

bench-baselines: bootstrap dev-bootstrap ## Compare with the article's service and LitServe; installs 2 GB for them, once
	$(DEV) -m bench.baselines

model: dev-bootstrap ## Make or measure a model: make model ARGS="evaluate models/… file.csv"
	@$(DEV) -m modelkit $(ARGS)

small-model: dev-bootstrap ## Train the bundled model anew, in an hour or two: make small-model DATA=folder OUT=models/mine
	$(DEV) -m modelkit pretrain $(DATA)/reviews_train.csv $(DATA)/weibo_emotion_train.csv --out build/encoder
	$(DEV) -m modelkit train $(DATA)/reviews_train.csv --emotions $(DATA)/weibo_emotion_train.csv \
		--dev $(DATA)/reviews_dev.csv --pretrained build/encoder --out $(OUT) --source online_shopping_10_cats \
		--source ChnSentiCorp_htl_all --source waimai_10k --source SMP2020-EWECT

lock: dev-bootstrap ## Write the lock files anew from requirements/*.in
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/serve.in -c requirements/dev.txt -o requirements/serve.txt
	$(COMPILE) client/pyproject.toml requirements/client.in -c requirements/dev.txt -o requirements/client.txt
	$(COMPILE) bench/baselines/article/requirements.in -o bench/baselines/article/requirements.txt
	$(COMPILE) bench/baselines/litserve/requirements.in -c requirements/dev.txt -o bench/baselines/litserve/requirements.txt

clean: ## Remove caches; never the state folder
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov build client/build client/src/.import_linter_cache
	@find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
