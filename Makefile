.DEFAULT_GOAL := help
.PHONY: lock
UV := .venv-dev/bin/uv
COMPILE := $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock"
lock: ## Write the lock files anew from requirements/*.in
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) requirements/serve.in -c requirements/dev.txt -o requirements/serve.txt
