#!/usr/bin/env bash
# logrotate 3.21.0 with create, beside a program that makes its log itself when the name is gone: where the program was faster logrotate moves
# the program's file away as LOG-YYYYMMDDHH.backup, ends with status 0, and never rotates or removes that one. The next within the hour is moved
# over it: its lines are gone, and again the status is 0. With nocreate there is none of it.
. "$(dirname "$0")/lib.sh"
needs logrotate python3
logrotate --version 2>&1 | head -n 1
cat >writer.py <<'PY'
import os, sys

n = 0
while not os.path.exists("over"):
    with open("log", "a") as f:
        f.write(f"{n}\n")
    n += 1
print(n)
PY
# rotations has logrotate rotate while lines are written, until it has met the program's file ten times, or 300 times in all.
rotations() {
	mkdir "$1" && cd "$1"
	printf '"%s" {\n rotate 10000\n size 1\n missingok\n %s\n}\n' "$PWD/log" "$1" >conf
	python3 ../writer.py >written &
	until [[ -s log ]]; do sleep 0.01; done
	local ok=0 met=0 run
	for run in {1..300}; do
		logrotate -f -s state conf >out 2>&1 && ok=$((ok + 1))
		met=$((met + $(grep -c 'already exists, renaming' out || true)))
		((met >= 10)) && break
	done
	: >over
	wait $!
	local found
	found=$(cat log* | sort -nu | wc -l)
	echo "$1: $ok of $run runs with status 0, the program's file met $met times, $(ls | grep -c backup || true) backup, $(($(<written) - found)) lines gone" >&2
	echo "$1: met $( ((met)) && echo yes || echo no), lines gone $( (($(<written) - found)) && echo yes || echo no)"
	cd ..
}
same "create: met yes, lines gone yes
nocreate: met no, lines gone no" "$(rotations create; rotations nocreate)"
