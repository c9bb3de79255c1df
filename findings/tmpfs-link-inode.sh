#!/usr/bin/env bash
# Linux 6.18, tmpfs: a hard link takes one of nr_inodes, as if it were a file, and with none left link(2) fails with ENOSPC. It makes no inode, and on
# ext4 with its inodes used up it succeeds. What keeps a file under a second name before it replaces it needs room for it there; by
# default nr_inodes is half of the pages of memory.
. "$(dirname "$0")/lib.sh"
needs mount umount ln df
((EUID == 0)) || { echo "not run: only root can mount"; exit 2; }
uname -sr
trap 'cd /; umount "$T/tmpfs" "$T/ext4" 2>/dev/null || true; clean' EXIT
mkdir tmpfs ext4
mount -t tmpfs -o size=4m,nr_inodes=20 tmpfs tmpfs 2>/dev/null || { echo "not run: tmpfs cannot be mounted"; exit 2; }
kinds=(tmpfs)
truncate -s 4M image
if mkfs.ext4 -q -N 32 image 2>/dev/null && mount -o loop image ext4 2>/dev/null; then
	kinds+=(ext4)
else
	echo "(ext4 cannot be mounted here: only tmpfs)"
fi

# try says what a command that may fail says at its end.
try() { LC_ALL=C "$@" 2>&1 && echo "done" || true; }
expected= seen=
for kind in "${kinds[@]}"; do
	echo text >"$kind/file"
	i=0
	while ((i < 1000)) && : >"$kind/$i"; do i=$((i + 1)); done 2>/dev/null
	free=$(df --output=iavail "$kind" | tail -n 1)
	seen+="$kind: inodes free ${free// /}, a file: $(try touch "$kind/more" | sed 's/.*: //'), "
	seen+="a link: $(try ln "$kind/file" "$kind/second" | sed 's/.*: //'), a rename: $(try mv "$kind/file" "$kind/third")"$'\n'
	if [[ $kind == tmpfs ]]; then link="No space left on device"; else link=done; fi
	expected+="$kind: inodes free 0, a file: No space left on device, a link: $link, a rename: done"$'\n'
done
same "${expected%$'\n'}" "${seen%$'\n'}"
