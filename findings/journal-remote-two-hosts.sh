#!/usr/bin/env bash
# systemd 252, systemd-journal-remote: one file holds the entries of two hosts, and one of them was cut off and sent its older entries later. The
# options --since and --until of journalctl then show entries outside the period, or leave out most of those inside. All entries are in the file,
# and --verify finds no fault.
. "$(dirname "$0")/lib.sh"
needs journalctl
[[ $(journalctl --version) =~ ^systemd\ 252 ]] || { echo "not run: journalctl is not that of systemd 252"; exit 2; }
debian systemd-journal-remote=252.39-1~deb12u2 libmicrohttpd12
libraries=(root/usr/lib/*-linux-*)
# entries prints one entry of a host for each second of a range.
entries() {
	local second
	for second in $(seq "$2" "$3"); do
		printf '__REALTIME_TIMESTAMP=%d000000\n__MONOTONIC_TIMESTAMP=%d000000\n_BOOT_ID=%032d\n_HOSTNAME=host%d\nMESSAGE=%d\n\n' \
			$((1700000000 + second)) "$second" "$1" "$1" "$second"
	done
}
{ entries 1 100 199; entries 2 0 49; entries 1 200 209; } >stream # the second host is back at second 200
LD_LIBRARY_PATH=${libraries[0]} root/lib/systemd/systemd-journal-remote -o "$T/both.journal" stream 2>errors || { echo "not run: systemd-journal-remote does not start"; exit 2; }
journal() { journalctl --file both.journal --quiet --no-pager --output cat "$@"; }
journal --verify 2>/dev/null || exit 1
# inside counts the seconds on standard input that are since, or until, a second.
inside() { awk -v from="$([[ $1 == since ]] && echo "$2" || echo 0)" -v to="$([[ $1 == until ]] && echo "$2" || echo 999)" '$1 >= from && $1 <= to { n++ } END { print n + 0 }'; }
# shown prints how many entries an option shows: of those that it should show, and others.
shown() {
	journal "--$1=@$((1700000000 + $2))" >out
	echo "$1 $2: $(inside "$@" <out) of $(journal | inside "$@"), and $(($(wc -l <out) - $(inside "$@" <out))) others"
}
same "since 100: 110 of 110, and 50 others
since 150: 10 of 60, and 0 others
until 49: 0 of 50, and 0 others
until 150: 51 of 101, and 0 others" "$(shown since 100; shown since 150; shown until 49; shown until 150)"
