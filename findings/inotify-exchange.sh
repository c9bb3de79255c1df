#!/usr/bin/env bash
# Linux: renameat2(RENAME_EXCHANGE) of two names, which leaves both names occupied at every moment, is told to a watcher of the directory as
# two renames, and the last word about the first name is that it has left. A reader that keeps its state by name takes a file that
# is there for gone. (Linux 6.18)
. "$(dirname "$0")/lib.sh"
needs python3
seen=$(python3 - <<'PYTHON'
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init1(os.O_NONBLOCK)
os.mkdir("d")
for name in "log", "next":
    open("d/" + name, "w").close()
libc.inotify_add_watch(fd, b"d", 0x00000FC0)  # moved from and to, created, deleted, moved self
if libc.renameat2(-100, b"d/next", -100, b"d/log", 2) != 0:
    raise OSError(ctypes.get_errno(), "renameat2")
data = os.read(fd, 65536)
names = {0x40: "moved from", 0x80: "moved to", 0x100: "created", 0x200: "deleted"}
while data:
    _, mask, _, length = struct.unpack_from("iIII", data)
    print(names.get(mask, hex(mask)), data[16:16 + length].rstrip(b"\0").decode())
    data = data[16 + length:]
PYTHON
)
same "moved from next
moved to log
moved from log
moved to next" "$seen"
