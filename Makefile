# The commands of this repository. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help test lint format vet staticcheck peers soak bench gate service

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 20
	@echo
	@echo "  ZAPHANDLERS_PEERS=required  a missing peer is an error; =none: make test installs nothing"

test: lint ## the one test command: lint, then all tests against real peers, with and without the race detector
	@scripts/test.sh

lint: format vet staticcheck ## formatting, go vet for four systems, staticcheck

format: ## fail where gofmt would change something
	@bad=$$(gofmt -l .); [[ -z $$bad ]] || { echo "gofmt would change:"; echo "$$bad"; exit 1; }

vet: ## go vet for linux, darwin and windows, for 32 bits and WebAssembly
	@for os in linux darwin windows; do scripts/each.sh env GOOS=$$os go vet ./...; done
	GOARCH=386 go vet ./...
	GOOS=js GOARCH=wasm go vet ./...

staticcheck: ## staticcheck in every module
	@scripts/each.sh "$$(go -C benchmarks tool -n staticcheck)" ./...

peers: ## get the real servers that the tests talk to: Debian, as root
	@scripts/peers.sh >/dev/null

soak: ## the long rounds: backends that fail, processes killed 1,000 times, formats fuzzed a minute each: twenty-five minutes
	@scripts/soak.sh

bench: ## measure everything beside its rivals, and draw the pictures: twenty minutes; as root, all faults
	@go -C benchmarks run ./bench run
	@go -C benchmarks run ./bench draw

gate: ## the ratios that were promised beside those that make bench has measured
	@go -C benchmarks run ./bench gate

service: ## the main job: a service logs 100,000 requests, and every record is counted
	@go -C benchmarks run ./service
