#!/usr/bin/env bash
# Runs the tests of every module against the real peers: with the race detector, once more without it, for the allocation
# gates count only there, and at last those of the main module as Windows programs, under wine. Arguments go to go test, but for
# the last: scripts/test.sh -count=3
set -euo pipefail
cd "$(dirname "$0")/.."

exports=$(scripts/peers.sh)
eval "$exports"
if [[ $(go env CGO_ENABLED) == 1 ]]; then
	scripts/each.sh go test -race "$@" ./...
else
	echo "the race detector is left out: it needs a C compiler"
fi
scripts/each.sh go test "$@" ./...
go run ./scripts/wine
