#!/usr/bin/env bash
# s6-log of s6 2.11.3.2 and svlogd of runit 2.1.2: what a program wrote last is not logged if it does not end in a newline, for example when the program
# was killed in the middle of a line. The status is 0, and nothing says so, although s6-log is meant never to lose anything. multilog of
# daemontools 0.76 logs it.
. "$(dirname "$0")/lib.sh"
debian s6=2.11.3.2-1 libs6-2.11 libskarnet2.13 libexecline2.9 runit=2.1.2-54 daemontools=1:0.76-8.1
libraries=$(IFS=: && set -- root/lib/*-linux-* root/usr/lib/*-linux-* && echo "$*")
for program in s6-log svlogd multilog; do
	mkdir "$program"
	status=0
	printf 'first\nlast' | LD_LIBRARY_PATH=$libraries "root/usr/bin/$program" "./$program" || status=$?
	echo "$program: $(paste -sd, "$program/current"), status $status"
done >seen
same "s6-log: first, status 0
svlogd: first, status 0
multilog: first,last, status 0" "$(<seen)"
