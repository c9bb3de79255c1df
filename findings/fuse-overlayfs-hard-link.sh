#!/usr/bin/env bash
# fuse-overlayfs 1.10, a file with two names in the lower layer: a line appended to one name can be read by both, and is stored in the upper layer
# under one of them. After the next mount neither name has it: there is only the old text, sometimes with NULs in place of the line.
# (With the kernel's overlayfs, the name that was written to has the line.)
. "$(dirname "$0")/lib.sh"
needs fusermount
[[ -r /dev/fuse && -w /dev/fuse ]] || { echo "not run: /dev/fuse cannot be opened"; exit 2; }
debian fuse-overlayfs=1.10-1 libfuse3-3
libraries=(root/lib/*-linux-*)
mkdir lower upper work merged
trap 'cd /; fusermount -qu "$T/merged" || true; clean' EXIT
mounted() { LD_LIBRARY_PATH=${libraries[0]} root/usr/bin/fuse-overlayfs -o lowerdir=lower,upperdir=upper,workdir=work merged 2>errors || { echo "not run: fuse-overlayfs cannot mount"; exit 2; }; }
# names prints how many names in a folder have the line.
names() { echo "$1: $(cd "$2" && grep -las 'new line' app.log other.log | wc -l) of $(ls "$2" | wc -l) names"; }
echo 'old line' >lower/app.log
ln lower/app.log lower/other.log
mounted
cat merged/app.log >/dev/null
echo 'new line' >>merged/app.log
names written merged >seen
fusermount -u merged
names 'in the upper layer' upper >>seen
mounted
names 'mounted again' merged >>seen
head merged/* | cat -v >&2
same "written: 2 of 2 names
in the upper layer: 1 of 1 names
mounted again: 0 of 2 names" "$(<seen)"
