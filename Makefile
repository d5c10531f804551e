# Gatehouse. Every target installs what it needs first; "make help" lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run test quick check format generate soak build release bench demo clean

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## install what building and testing need
	@build/scripts/setup.sh test
	@echo "setup: everything that building and testing need is here"

run: ## open Gatehouse on a practice database
	@build/scripts/run.sh

test: ## everything that must be true before a change lands
	@build/scripts/test.sh

quick: ## two minutes: types, vet, unit tests
	@build/scripts/quick.sh

check: ## linters and formatters
	@build/scripts/setup.sh test
	@build/scripts/lint.sh

format: ## let the formatters write
	@build/scripts/setup.sh test
	@build/scripts/lint.sh --fix

generate: ## write anew what is generated from the table of operations
	@build/scripts/generate.sh

soak: ## the long runs: an hour of trouble
	@build/scripts/soak.sh

build: ## both binaries, into bin/
	@build/scripts/setup.sh desk
	@build/scripts/build.sh all
	@echo "build: bin/gatehouse, and bin/gatehouse-headless without the window"

release: ## binaries to give away, into dist/
	@build/scripts/release.sh

bench: ## measure what has to be fast
	@build/scripts/bench.sh

demo: ## make the practice database anew, and print how to sign in
	@build/scripts/demo.sh

clean: ## remove what was built and the practice database
	@rm -rf bin dist build/bin .practice .cache frontend/node_modules frontend/e2e/node_modules frontend/e2e/results frontend/e2e/pictures
	@find frontend/dist -mindepth 1 -not -name .gitkeep -delete
