#!/usr/bin/env bash
# Installs the programs that the tests talk to: real syslog daemons, mail and web servers, logrotate, wine, log stores. Some are
# built from source, once, into ~/.cache/zaphandlers: eight minutes of two cores for all of them.
#
#	scripts/peers.sh            install what is missing, list what there is (standard error), and print
#	                            export lines for the tests (standard output)
#	eval "$(scripts/peers.sh)"  the same, and export them in this shell
#
# Programs are installed only as root, with apt-get. No service is started, and nothing that is installed already is removed.
# A peer that is not available is listed with the reason, and its tests are skipped.
#
#	ZAPHANDLERS_PEERS=required  a missing peer is an error here, and in the tests
#	ZAPHANDLERS_PEERS=none      install nothing; the tests use what there happens to be
#
# A new peer is one function below, and its name in the list.
set -euo pipefail

peers=(compiler logrotate python nginx rsyslog syslog_ng postfix aiosmtpd pyodide wine victorialogs clickhouse zincsearch otelcol)

# Not a peer, but the race detector does not work without one.
compiler() { program gcc || install gcc libc6-dev && program gcc; }

logrotate() { program logrotate || install logrotate && program logrotate; }

python() { program python3 || install python3-minimal && program python3; }

nginx() { program nginx || install nginx-light && program nginx; }

rsyslog() { rsyslog_there || install rsyslog rsyslog-gnutls rsyslog-relp && rsyslog_there; }
rsyslog_there() { program rsyslogd && lib 'rsyslog/lmnsd_gtls.so' && lib 'rsyslog/imrelp.so'; }

# syslog-ng and rsyslog exclude one another as packages, so this one is unpacked beside it, with a script that starts it.
syslog_ng() {
	local home=$cache/syslog-ng
	if ! runs "$home/run" --version; then
		can_install || return
		unpack syslog-ng-core "$home" || return
		cat >"$home/run" <<-SCRIPT
			#!/bin/sh
			export LD_LIBRARY_PATH="$home/usr/lib/syslog-ng"
			exec "$home/usr/sbin/syslog-ng" --module-path="$(echo "$home"/usr/lib/syslog-ng/[0-9]*)" "\$@"
		SCRIPT
		chmod +x "$home/run"
	fi
	runs "$home/run" --version && give ZAPHANDLERS_SYSLOG_NG "$home/run"
}

# Without a configuration of its own: the tests bring theirs, and the machine does not become a mail server.
postfix() {
	postfix_there && return
	can_install || return
	echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
	install postfix sasl2-bin libsasl2-modules && postfix_there
}
postfix_there() { program postfix && program saslpasswd2 && lib 'sasl2/libscram.so'; }

# Debian's module is for Debian's interpreter, which need not be the first on PATH.
aiosmtpd() {
	aiosmtpd_there || install python3-minimal python3-aiosmtpd && aiosmtpd_there && give ZAPHANDLERS_AIOSMTPD_PYTHON /usr/bin/python3
}
aiosmtpd_there() { runs /usr/bin/python3 -c 'import aiosmtpd' || { echo "python3-aiosmtpd is not installed"; false; }; }

# The newest CPythons, as WebAssembly: npm's package pyodide has one a version. Nothing of it is installed but in the cache folder.
pyodide() {
	local version home missing=
	runs node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' && program npm ||
		{ install nodejs npm && runs node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; } || { echo "node 20 and npm are not installed"; return 1; }
	for version in 0.29.5 314.0.7 315.0.0-alpha.2; do # CPython 3.13, 3.14, 3.15
		home=$cache/pyodide/$version
		[[ -e $home/node_modules/pyodide/pyodide.mjs ]] && continue
		[[ $wanted != none ]] || { missing="$version is not installed, and ZAPHANDLERS_PEERS=none forbids to"; continue; }
		mkdir -p "$home" && npm install --prefix "$home" --no-audit --no-fund --silent "pyodide@$version" >>"$log" 2>&1 ||
			missing="npm install pyodide@$version: $(tail -n 1 "$log")"
	done
	! compgen -G "$cache/pyodide/*/node_modules/pyodide/pyodide.mjs" >/dev/null || give ZAPHANDLERS_PYODIDE "$cache/pyodide"
	[[ -z $missing ]] || { echo "$missing"; return 1; }
}

# Windows, as far as the event log and file locks need it: 700 MB.
wine() {
	local wine64=/usr/lib/wine/wine64
	runs $wine64 --version || install wine64 && runs $wine64 --version && give ZAPHANDLERS_WINE $wine64
}

# A log store that takes the wires of Elasticsearch, Loki, Splunk and OpenTelemetry: 20 s to build, 22 MB.
victorialogs() {
	local at=$cache/victorialogs/victoria-logs package=github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs
	runs "$at" -version || build "$at" $package "$package@v1.52.1" && runs "$at" -version && give ZAPHANDLERS_VICTORIALOGS "$at"
}

clickhouse() { program clickhouse-server || install clickhouse-server && program clickhouse-server; }

# Elasticsearch's _bulk and _search: a minute to build, 72 MB. It tells no version, so that it is there must do.
zincsearch() {
	local at=$cache/zincsearch/zincsearch
	runs test -x "$at" || build_main "$at" benchmarks/backends/testdata/zincsearch && give ZAPHANDLERS_ZINCSEARCH "$at"
}

# OpenTelemetry's collector: two to five minutes of two cores to build, 60 MB.
otelcol() {
	local at=$cache/collector/collector
	otelcol_there "$at" || build_main "$at" benchmarks/backends/testdata/collector && otelcol_there "$at" && give ZAPHANDLERS_OTELCOL "$at"
}
otelcol_there() { [[ $("$1" components 2>/dev/null) == *fluent_forward* ]] || { echo "$1 is not installed, or takes no Fluent Forward"; false; }; }

# What the functions above are made of. The last line that a failing one prints is the reason why there is no such peer.

program() { type -P "$1" >/dev/null || { echo "$1 is not installed"; false; }; }
lib() { compgen -G "/usr/lib/*/$1" >/dev/null || { echo "$1 is not installed"; false; }; }
runs() { "$@" >/dev/null 2>&1 || { echo "$1 is not installed, or does not run"; false; }; }
give() { echo "export $1='$2'" >&3; }

can_install() {
	[[ $wanted != none ]] || { echo "not installed, and ZAPHANDLERS_PEERS=none forbids to"; false; } || return
	type -P apt-get >/dev/null || { echo "not installed, and there is no apt-get here"; false; } || return
	[[ $EUID == 0 ]] || { echo "not installed, and only root may"; false; }
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1; }

update() {
	[[ ! -e $work/updated ]] || return 0
	apt update || { echo "apt-get update: $(tail -n 1 "$log")"; return 1; }
	touch "$work/updated"
}

install() {
	can_install && update || return
	apt install -y --no-install-recommends --no-remove "$@" || { echo "apt-get install $*: $(tail -n 1 "$log")"; return 1; }
}

# unpack puts the files of a package into a folder, and installs what the package depends on.
unpack() {
	local package=$1 home=$2 depends
	update || return
	rm -rf "$home" && mkdir -p "$home"
	(cd "$work" && apt download "$package") || { echo "apt-get download $package: $(tail -n 1 "$log")"; return 1; }
	dpkg -x "$work/$package"_*.deb "$home"
	depends=$(dpkg-deb -f "$work/$package"_*.deb Depends | tr ',' '\n' | sed 's/[|(:].*//; s/ //g')
	# shellcheck disable=SC2086 # one word a package
	install $depends
}

# build makes a program of a package in a module of Go, at a version. It is built once: the cache keeps it.
build() {
	local at=$1 package=$2 version=$3
	can_build || return
	mkdir -p "$work/build" "$(dirname "$at")"
	(cd "$work/build" && rm -f go.mod go.sum && go mod init peer && go get "$version" && go build -o "$at" "$package") >>"$log" 2>&1 ||
		{ echo "go build $version: $(tail -n 1 "$log")"; return 1; }
}

# build_main makes a program of a folder here that is a module of its own.
build_main() {
	local at=$1 dir=$2
	can_build || return
	mkdir -p "$(dirname "$at")"
	go -C "$(dirname "${BASH_SOURCE[0]}")/../$dir" build -o "$at" . >>"$log" 2>&1 || { echo "go build $dir: $(tail -n 1 "$log")"; return 1; }
}

can_build() {
	[[ $wanted != none ]] || { echo "not built, and ZAPHANDLERS_PEERS=none forbids to"; false; } || return
	type -P go >/dev/null || { echo "not built, and there is no go here"; false; }
}

# no_services keeps the packages from starting the servers they bring. An administrator's own rule stays.
no_services() {
	local rule=/usr/sbin/policy-rc.d
	[[ $wanted != none && $EUID == 0 && ! -e $rule ]] && type -P apt-get >/dev/null || return 0
	printf '#!/bin/sh\nexit 101\n' >"$rule"
	chmod +x "$rule"
	made_rule=$rule
}

clean() { rm -rf "$work" ${made_rule:+"$made_rule"}; }

main() {
	local peer reason missing=0
	PATH=$PATH:/usr/sbin:/sbin
	wanted=${ZAPHANDLERS_PEERS:-}
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/zaphandlers
	work=$(mktemp -d)
	log=$work/log
	made_rule=
	trap clean EXIT
	no_services
	exec 3>&1
	echo "peers:" >&2
	for peer in "${peers[@]}"; do
		if reason=$("$peer"); then
			echo "  found    $peer" >&2
		else
			echo "  missing  $peer: $(tail -n 1 <<<"$reason"); its tests skip" >&2
			missing=$((missing + 1))
		fi
	done
	if ((missing == 0)); then
		give ZAPHANDLERS_PEERS required
	elif [[ $wanted == required ]]; then
		echo "peers: $missing missing, and ZAPHANDLERS_PEERS=required" >&2
		exit 1
	fi
	echo "export PATH='$PATH'" >&3
}

main
