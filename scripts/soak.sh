#!/usr/bin/env bash
# The long rounds that scripts/test.sh leaves out: backends that fail in every way, processes that are killed again and again, and file
# formats that are fuzzed.
#
#	ZAPHANDLERS_SOAK=1h       how long the backends fail; 10m by default
#	ZAPHANDLERS_FUZZTIME=10m  how long each format is fuzzed; 1m by default
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== 64 goroutines, a queue and every backend, which fails in every way: ${ZAPHANDLERS_SOAK:=10m}"
exports=$(scripts/peers.sh)
eval "$exports"
(cd benchmarks/backends && go test -count=1 -timeout 0 -run 'TestSoak$' -v . -soak "$ZAPHANDLERS_SOAK")

echo "== kill -9: 500 rounds of the spool, 200 of the disk engine, of JetStream, and 20 of a service with each"
ZAPHANDLERS_KILL_ROUNDS=500 ZAPHANDLERS_KILLS=200 go test -count=1 -timeout 1h -run 'Kill' ./queuecore/...
(cd queuecore/jetstream && ZAPHANDLERS_KILLS=200 go test -count=1 -timeout 1h -run 'Kill' .)
(cd benchmarks && ZAPHANDLERS_KILLS=20 go test -count=1 -timeout 1h -run 'Durable.*Killed' ./service)

echo "== fuzzing, ${ZAPHANDLERS_FUZZTIME:=1m} each"
while IFS=: read -r file name; do
	(cd "$(dirname "$file")" && go test -run '^$' -fuzz "^$name\$" -fuzztime "$ZAPHANDLERS_FUZZTIME" .)
done < <(grep -rEo --include='*_test.go' '^func Fuzz\w+' queuecore zapcore | sed 's/func //')
