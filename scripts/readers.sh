#!/usr/bin/env bash
# Installs the readers and the file systems that benchmarks/readers compares: as root on Debian, about 300 MB. It also builds the
# file_log receiver of the OpenTelemetry Collector, which takes minutes the first time. What cannot be installed is listed, and
# benchmarks/readers leaves it out. Nothing is started, and nothing that is installed already is removed.
#
#	scripts/readers.sh
#	eval "$(scripts/peers.sh)"     # syslog-ng, which lies beside rsyslog
#	go -C benchmarks run ./readers
set -uo pipefail

debian=(
	busybox toybox rust-coreutils python3-watchdog fail2ban python3-pyinotify logtail sec libfile-tail-perl xtail rsyslog
	bindfs mergerfs encfs sshfs openssh-sftp-server gocryptfs unionfs-fuse ntfs-3g exfat-fuse exfatprogs xfsprogs btrfs-progs fuse3
)
npm=(tail@2.2.6 always-tail@0.2.0 tail-file@1.4.16 chokidar@4.0.3)
modules=${XDG_CACHE_HOME:-$HOME/.cache}/zaphandlers/readers

if [[ $EUID == 0 ]] && type -P apt-get >/dev/null; then
	export DEBIAN_FRONTEND=noninteractive
	apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
	rule=/usr/sbin/policy-rc.d # keeps the packages from starting what they bring
	if [[ ! -e $rule ]]; then
		printf '#!/bin/sh\nexit 101\n' >"$rule"
		chmod +x "$rule"
		trap 'rm -f "$rule"' EXIT
	fi
	"${apt[@]}" update
	for package in "${debian[@]}"; do
		"${apt[@]}" install -y --no-install-recommends --no-remove "$package" >/dev/null || echo "missing: $package"
	done
else
	echo "missing: ${debian[*]}: only root may install them, with apt-get"
fi
mkdir -p "$modules"
go -C "$(dirname "$0")/../benchmarks/readers/testdata/filelog" build -o "$modules/filelog" . || echo "missing: file_log"
if type -P npm >/dev/null; then
	npm install --silent --no-audit --no-fund --prefix "$modules" "${npm[@]}" || echo "missing: ${npm[*]}"
else
	echo "missing: ${npm[*]}: there is no npm here"
fi
