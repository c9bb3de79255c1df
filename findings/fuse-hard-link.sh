#!/usr/bin/env bash
# A hard link made through FUSE (bindfs 1.14.7; other path-based daemons alike) is a second inode to the kernel, with a size of its own that is
# cached for a second: two names of one file differ in size. What appends by the second name writes where the file ended before.
. "$(dirname "$0")/lib.sh"
needs bindfs fusermount stat
[[ -r /dev/fuse && -w /dev/fuse ]] || { echo "not run: /dev/fuse cannot be opened"; exit 2; }
bindfs --version | head -n 1
mkdir below at
bindfs below at || exit 2
trap 'cd /; fusermount -qu "$T/at" || true; clean' EXIT
cd at
printf '%s' 12345 >first
ln first second
stat -c %s second >/dev/null # the kernel asks for its size, and remembers it
printf '%s' 67890 >>first
sizes="first $(stat -c %s first), second $(stat -c %s second), links $(stat -c %h first)"
cd ..
same "first 10, second 5, links 2" "$sizes"
