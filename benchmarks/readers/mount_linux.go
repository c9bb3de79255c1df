package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"go.uber.org/multierr"
)

// mount is a file system, and how one is made in a folder of its own.
type mount struct {
	name  string
	shell string   // mounts one at $AT, from $FROM if there has to be something below it; empty: the folder is used as it is
	needs []string // programs
}

// mounts are the file systems that are compared.
func mounts() []mount {
	image := func(make string) string {
		return `truncate -s 512M "$FROM/image" && ` + make + ` "$FROM/image" >&2 && mount -o loop "$FROM/image" "$AT"`
	}
	return []mount{
		{name: "the folder for temporary files"},
		{name: "tmpfs", shell: `mount -t tmpfs -o size=512M tmpfs "$AT"`},
		{name: "ext4", shell: image("mkfs.ext4 -qF"), needs: []string{"mkfs.ext4"}},
		{name: "ext4, 128-byte inodes", shell: image("mkfs.ext4 -qF -I 128"), needs: []string{"mkfs.ext4"}},
		{name: "xfs", shell: image("mkfs.xfs -q"), needs: []string{"mkfs.xfs"}},
		{name: "btrfs", shell: image("mkfs.btrfs -q"), needs: []string{"mkfs.btrfs"}},
		{name: "overlay", shell: `mount -t tmpfs tmpfs "$FROM" && mkdir "$FROM/lower" "$FROM/upper" "$FROM/work" &&
			mount -t overlay -o "lowerdir=$FROM/lower,upperdir=$FROM/upper,workdir=$FROM/work" overlay "$AT"`},
		{name: "bindfs", shell: `bindfs "$FROM" "$AT"`, needs: []string{"bindfs"}},
		{name: "mergerfs", shell: `mkdir "$FROM/a" "$FROM/b" && mergerfs "$FROM/a:$FROM/b" "$AT"`, needs: []string{"mergerfs"}},
		{name: "unionfs-fuse", shell: `mkdir "$FROM/a" && unionfs -o cow "$FROM/a=RW" "$AT"`, needs: []string{"unionfs"}},
		{name: "encfs", shell: `echo secret | encfs --standard --stdinpass "$FROM" "$AT" >&2`, needs: []string{"encfs"}},
		{name: "gocryptfs", shell: `gocryptfs -q -init -extpass "echo secret" "$FROM" >&2 && gocryptfs -q -extpass "echo secret" "$FROM" "$AT" >&2`,
			needs: []string{"gocryptfs"}},
		{name: "sshfs", shell: `printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' >"$FROM-ssh" && chmod +x "$FROM-ssh" &&
			sshfs -o ssh_command="$FROM-ssh" "localhost:$FROM" "$AT"`, needs: []string{"sshfs", "/usr/lib/openssh/sftp-server"}},
		{name: "ntfs-3g", shell: `truncate -s 256M "$FROM/image" && mkfs.ntfs -qF "$FROM/image" >&2 && ntfs-3g "$FROM/image" "$AT" >&2`,
			needs: []string{"mkfs.ntfs", "ntfs-3g"}},
		{name: "exfat-fuse", shell: `truncate -s 256M "$FROM/image" && mkfs.exfat "$FROM/image" >&2 &&
			mount.exfat-fuse "$(losetup --find --show "$FROM/image")" "$AT" >&2`, needs: []string{"mkfs.exfat", "mount.exfat-fuse"}},
	}
}

// at mounts it below base. The error says what is missing.
func (m mount) at(base string) (dir string, unmount func() error, err error) {
	name := strings.NewReplacer(" ", "-", ",", "").Replace(m.name)
	from, at := filepath.Join(base, name+"-from"), filepath.Join(base, name)
	if err := multierr.Append(os.MkdirAll(from, 0o755), os.MkdirAll(at, 0o755)); err != nil {
		return "", nil, err
	}
	if m.shell == "" {
		return at, func() error { return nil }, nil
	}
	if os.Geteuid() != 0 {
		return "", nil, errors.New("only root may mount it")
	}
	for _, program := range m.needs {
		if _, err := exec.LookPath(program); err != nil {
			return "", nil, fmt.Errorf("%s is not installed", program)
		}
	}
	cmd := exec.Command("sh", "-ec", m.shell)
	cmd.Env = append(os.Environ(), "FROM="+from, "AT="+at)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return "", nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return at, func() error { return multierr.Append(detach(at), detachLoops(from)) }, nil
}

// detach unmounts a folder, busy or not, and what lies mounted below it.
func detach(at string) error {
	if err := syscall.Unmount(at, 0); err != nil {
		return syscall.Unmount(at, syscall.MNT_DETACH)
	}
	return nil
}

// detachLoops gives back what an image or a lower file system has taken.
func detachLoops(from string) error {
	_ = syscall.Unmount(from, syscall.MNT_DETACH) // overlay's; the others have none
	image := filepath.Join(from, "image")
	if _, err := os.Stat(image); err != nil {
		return nil
	}
	out, err := exec.Command("losetup", "-j", image).Output()
	for line := range strings.Lines(string(out)) {
		if device, _, ok := strings.Cut(line, ":"); ok {
			_ = exec.Command("losetup", "-d", device).Run() // one of mount's own is gone already
		}
	}
	return err
}
