#!/usr/bin/env bash
# Runs a command in every module of the repository, saying where: scripts/each.sh go vet ./...
# It goes on after a failure; the exit code is 1 if the command failed in any module.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=0
while read -r dir; do
	echo "== $dir: ${1##*/} ${*:2}"
	(cd "$dir" && "$@") || bad=1
done < <(find . -name go.mod -not -path '*/.*/*' -not -path '*/testdata/*' -exec dirname {} + | sort)
exit $bad
