#!/usr/bin/env bash
# Runs the tests of every module against the real peers: with the race detector, and once more without it, for the allocation
# gates count only there; then all that again under the newer Go, where the go command can get it; and at last those of the main
# module as Windows programs, under wine. Arguments go to go test, but for the last: scripts/test.sh -count=3
#
#	ZAPHANDLERS_GO=go1.28rc1  the newer Go is that one
#	ZAPHANDLERS_GO=none       there is none
set -euo pipefail
cd "$(dirname "$0")/.."

exports=$(scripts/peers.sh)
eval "$exports"

all() {
	if [[ $(go env CGO_ENABLED) == 1 ]]; then
		scripts/each.sh go test -race "$@" ./...
	else
		echo "the race detector is left out: it needs a C compiler"
	fi
	scripts/each.sh go test "$@" ./...
}

all "$@"
newer=${ZAPHANDLERS_GO:-go1.27.3}
if [[ $newer != none && $newer != $(go env GOVERSION) ]]; then
	if reason=$(GOTOOLCHAIN=$newer go version 2>&1); then
		echo "$newer: everything again"
		export GOTOOLCHAIN=$newer
		scripts/each.sh go vet ./...
		all "$@"
		unset GOTOOLCHAIN
	else
		echo "$newer is left out: $(grep . <<<"$reason" | tail -n 1)"
	fi
fi
go run ./scripts/wine
