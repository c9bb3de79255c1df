#!/usr/bin/env bash
# GNU tail -F (coreutils 9.1) where inotify does not work, as on network file systems (here by ---disable-inotify): it looks at the name again only
# after five looks a second apart in which the file did not change. Of files that rotate every 1.6 seconds and are written all the
# time it sees every fourth or so; with inotify, every one.
. "$(dirname "$0")/lib.sh"
needs tail
tail --version | head -n 1
rotate() { # twelve files of eight lines
	local file line
	for file in {1..12}; do
		for line in {1..8}; do
			echo "$file" >>log
			sleep 0.2
		done
		mv log "log.$file"
		: >log
	done
}
: >log
tail -n +1 -F log >inotify 2>/dev/null &
tail ---disable-inotify -n +1 -F log >polling 2>/dev/null &
sleep 1
rotate
sleep 7
files() { sort -u "$1" | grep -c . || true; }
echo "files seen by polling: $(files polling) of 12"
same "inotify: all; polling: fewer than 6" "inotify: $( (($(files inotify) == 12)) && echo all || files inotify); polling: $( (($(files polling) < 6)) && echo fewer than 6 || files polling)"
