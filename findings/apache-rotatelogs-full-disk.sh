#!/usr/bin/env bash
# Apache's rotatelogs 2.4.68 (2.4.71 alike): when a write fails for want of room it does not lose that line, or wait, or end: it empties the file,
# and begins it anew with a number of "messages lost". What was stored before is gone, that number does not count it, and the status is 0.
. "$(dirname "$0")/lib.sh"
debian apache2-utils=2.4.68-1~deb12u1 libapr1=1.7.2-3+deb12u1
small_disk 1m
libraries=(root/usr/lib/*/libapr-1.so.0)
rotatelogs() { LD_LIBRARY_PATH=${libraries[0]%/*} root/usr/bin/rotatelogs "$@"; }
grep -q Usage < <(rotatelogs -h 2>&1) || { echo "not run: rotatelogs does not start"; exit 2; }
mkfifo pipe
rotatelogs disk/log 315360000 <pipe &
exec 3>pipe
lines() { seq -f 'line %05.0f of a program that logs through a pipe' "$1" "$2" >&3; }
# found waits, for a minute, until a text is in the log.
found() {
	local try
	for try in {1..600}; do grep -aqs "$1" disk/log.* && return || sleep 0.1; done
}
count() { grep -ac "^line" disk/log.* || true; }
lines 1 4000
found 'line 04000'
stored=$(count)
cat /dev/zero >disk/other 2>/dev/null || true
lines 4001 4200
found 'messages lost'
rm disk/other
lines 4201 4210
found 'line 04210'
exec 3>&-
status=0
wait $! || status=$?
head -n 1 disk/log.* >&2
same "4000 lines stored; after a full disk none of them, and the last ten: yes; status 0" \
	"$stored lines stored; after a full disk $(grep -aEq '^line 0([0-3]|4000)' disk/log.* && echo some || echo none) of them, and the last ten: $([[ $(grep -aEc '^line 042(0[1-9]|10)' disk/log.*) == 10 ]] && echo yes || echo no); status $status"
