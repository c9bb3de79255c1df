#!/usr/bin/env bash
# rsyslog 8.2302.0, omfile on a full disk: action.resumeRetryCount="-1", which is to try for ever, changes nothing. What comes while there is no room is
# discarded. What part of a line had room stays, and the first line that is taken again is joined to it.
. "$(dirname "$0")/lib.sh"
needs python3
debian rsyslog=8.2302.0-1+deb12u1 libestr0 libfastjson4
small_disk 1m
modules=(root/usr/lib/*/rsyslog)
libraries=$T/${modules[0]%/rsyslog}
LD_LIBRARY_PATH=$libraries root/usr/sbin/rsyslogd -v >/dev/null || { echo "not run: rsyslogd does not start"; exit 2; }
cat >conf <<CONF
module(load="imptcp")
input(type="imptcp" path="$T/socket")
template(name="line" type="string" string="%msg%\n")
action(type="omfile" file="$T/disk/log" template="line" ACTION)
CONF

# lost has lines written to a disk with room, to a full one, and to one that has room again, and says how many of the full one are missing.
lost() {
	rm -f disk/* socket own
	sed "s/ACTION/${1-}/" conf >conf.run
	LD_LIBRARY_PATH=$libraries root/usr/sbin/rsyslogd -n -f conf.run -i "$T/pid" -M "$T/${modules[0]}" >own 2>&1 &
	python3 - <<'PY'
import os, socket, time

def until(what, seconds=60):
    for _ in range(seconds * 10):
        if what():
            return
        time.sleep(0.1)
    raise SystemExit("rsyslog did not do what was waited for")

def text(name):
    try:
        with open(name, errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return ""

until(lambda: os.path.exists("socket"))
time.sleep(0.5)
s = socket.socket(socket.AF_UNIX)
s.connect("socket")

def send(name, count):
    s.sendall(b"".join(b"<14>Nov 28 00:00:00 host app: %s %05d %s\n" % (name, n, b"0" * 90) for n in range(count)))

send(b"before", 100)
until(lambda: "before 00099" in text("disk/log"))
with open("disk/other", "wb", buffering=0) as other:
    try:
        while other.write(bytes(4096)):
            pass
    except OSError:
        pass
send(b"full", 500)
until(lambda: "No space left" in text("own"))
time.sleep(3)
os.unlink("disk/other")
time.sleep(5)
# It may be waiting to try again: lines go on coming until one is taken.
for _ in range(60):
    send(b"after", 1)
    time.sleep(0.5)
    if "after" in text("disk/log"):
        break
time.sleep(5)
log = text("disk/log")
count = lambda name, of: sum(f"{name} {n:05d} " in log for n in range(of))
full = count("full", 500)
broken = sum(line.count("0" * 90) != 1 or line.count(" ") != 3 for line in log.splitlines())
print("before", count("before", 100), "full", "fewer than 100" if full < 100 else full, "after", count("after", 1), "broken", broken)
PY
	kill %%
	wait %% || true
}
for action in "" 'action.resumeRetryCount="-1" action.resumeInterval="1"'; do echo "[$action] $(lost "$action")"; done >seen
same '[] before 100 full fewer than 100 after 1 broken 1
[action.resumeRetryCount="-1" action.resumeInterval="1"] before 100 full fewer than 100 after 1 broken 1' "$(<seen)"
