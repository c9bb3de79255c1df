#!/usr/bin/env bash
# Runs all findings, or those that are named: findings/run.sh zap-hooks. It fails if one has changed.
set -uo pipefail
cd "$(dirname "$0")"

changed=0
for script in ${@:-*.sh}; do
	name=${script%.sh}
	[[ $name == lib || $name == run ]] && continue
	echo "== $name"
	"./$name.sh"
	[[ $? == 1 ]] && changed=1
done
exit $changed
