#!/usr/bin/env bash
# rsyslog 8.2302.0, imfile with startmsg.regex (and with readMode="2"): a record of several lines is passed on when the next one begins. The last one of a
# file that is moved away, for which no next one comes, is not passed on at all, neither when the new file is taken up nor at the end nor at the
# next start: each rotation costs a record. With readTimeout none.
. "$(dirname "$0")/lib.sh"
debian rsyslog=8.2302.0-1+deb12u1 libestr0 libfastjson4
modules=(root/usr/lib/*/rsyslog)
export LD_LIBRARY_PATH=$T/${modules[0]%/rsyslog}
root/usr/sbin/rsyslogd -v >/dev/null || { echo "not run: rsyslogd does not start"; exit 2; }
rsyslog() { root/usr/sbin/rsyslogd -n -f conf -i "$T/pid" -M "$T/${modules[0]}" >>own 2>&1 & }
# until_seen waits, for a minute, until a text is in what rsyslog has written.
until_seen() {
	local try
	for try in {1..600}; do grep -qs "$1" out && return || sleep 0.1; done
	echo "$1 was not seen" >&2
}
# rotations has five files written of three records each, with more parameters of the input, and says which records came.
rotations() {
	rm -rf in.* out work
	mkdir work
	cat >conf <<-CONF
		global(workDirectory="$T/work")
		module(load="imfile")
		input(type="imfile" file="$T/in.log" tag="in" $1)
		template(name="line" type="string" string="%msg%\n")
		action(type="omfile" file="$T/out" template="line")
	CONF
	: >in.log
	rsyslog
	local file record
	for file in {1..5}; do
		for record in first second third; do printf 'record %s %s\n more\n' "$file" "$record" >>in.log; done
		until_seen "record $file second"
		sleep 4 # for the third one, with readTimeout="1"
		mv in.log "in.log.$file"
		: >in.log
	done
	sleep 5
	kill %%
	wait %% || true
	rsyslog # once more, for what it may have kept
	printf 'record 6 first\n more\nrecord 6 second\n' >>in.log
	until_seen 'record 6 first'
	kill %%
	wait %% || true
	echo "[$1] first $(grep -c '[1-5] first' out || true), second $(grep -c '[1-5] second' out || true), third $(grep -c '[1-5] third' out || true) of 5"
}
for more in 'startmsg.regex="^record"' 'readMode="2"' 'startmsg.regex="^record" readTimeout="1"'; do rotations "$more"; done >seen
same '[startmsg.regex="^record"] first 5, second 5, third 0 of 5
[readMode="2"] first 5, second 5, third 0 of 5
[startmsg.regex="^record" readTimeout="1"] first 5, second 5, third 5 of 5' "$(<seen)"
