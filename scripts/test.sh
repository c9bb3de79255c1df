#!/usr/bin/env bash
# Runs the tests of every module against the real peers:
#
#	1. with the race detector
#	2. the allocation tests, which count only without it
#	3. everything under the newer Go, if the go command can get it
#	4. the tests of the main module as Windows programs, under wine
#
# Arguments go to go test, except in the last step: scripts/test.sh -count=3
#
#	ZAPHANDLERS_GO=go1.28rc1  the newer Go is that one
#	ZAPHANDLERS_GO=none       there is none: everything once more under this one
set -euo pipefail
cd "$(dirname "$0")/.."

exports=$(scripts/peers.sh)
eval "$exports"

if [[ $(go env CGO_ENABLED) == 1 ]]; then
	scripts/each.sh go test -race "$@" ./...
else
	echo "the race detector is left out: it needs a C compiler"
fi

newer=${ZAPHANDLERS_GO:-go1.27.3}
if [[ $newer == none || $newer == $(go env GOVERSION) ]]; then
	scripts/each.sh go test "$@" ./...
elif reason=$(GOTOOLCHAIN=$newer go version 2>&1); then
	scripts/each.sh go test -run Alloc "$@" ./...
	echo "$newer: everything again"
	GOTOOLCHAIN=$newer scripts/each.sh go vet ./...
	GOTOOLCHAIN=$newer scripts/each.sh go test "$@" ./...
else
	echo "$newer is left out: $(grep . <<<"$reason" | tail -n 1)"
	scripts/each.sh go test "$@" ./...
fi
go run ./scripts/wine
