#!/usr/bin/env bash
# lnav 0.11.1 shows only one of two files if their first log lines are the same, for example those of two copies of a program that were started in
# the same second. It takes the smaller file for a copy, whatever comes after that line. With -n nothing says so, and the status is 0.
. "$(dirname "$0")/lib.sh"
debian lnav=0.11.1-3 libarchive13
libraries=(root/usr/lib/*-linux-*)
lnav() { HOME=$T LD_LIBRARY_PATH=${libraries[0]} root/usr/bin/lnav -n "$@" 2>&1; }
grep -q 'lnav 0.11.1' < <(lnav -V) || { echo "not run: lnav does not start"; exit 2; }
# lines prints a first line, and more lines with a name.
lines() {
	echo "2023-11-14 22:13:20 INFO $1"
	seq -f "2023-11-14 22:13:%.0f INFO of $2" 21 "$3"
}
# shown prints how many lines of each file lnav shows.
shown() {
	local status=0
	lnav "$@" >out || status=$?
	echo "$(grep -c 'of a' out || true) of a, $(grep -c 'of b' out || true) of b, status $status"
}
lines started a 30 >a.log
lines started b 40 >b.log
lines starting b 40 >other.log
same "the same first line: 0 of a, 20 of b, status 0
another: 10 of a, 20 of b, status 0" "the same first line: $(shown a.log b.log)
another: $(shown a.log other.log)"
