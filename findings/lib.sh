# Functions for the findings. Each finding runs in a temporary folder of its own, $T, which is removed at the end.
#
#	exit 0   the program still behaves as it was found
#	exit 1   it does not
#	exit 2   something that the script needs is missing
set -euo pipefail
T=$(mktemp -d)
clean() {
	local pid
	for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	chmod -R u+w "$T" 2>/dev/null || true
	rm -rf "$T"
}
trap clean EXIT
cd "$T"

# needs ends the script if a program is missing.
needs() {
	local program
	for program in "$@"; do
		type -P "$program" >/dev/null || { echo "not run: $program is not installed"; exit 2; }
	done
}

# same compares what was expected with what was seen.
same() {
	if [[ $1 == "$2" ]]; then
		echo "as found:"
		sed 's/^/  /' <<<"$2"
	else
		echo "CHANGED. Expected:"
		sed 's/^/  /' <<<"$1"
		echo "seen:"
		sed 's/^/  /' <<<"$2"
		exit 1
	fi
}

# debian downloads Debian packages, as name=version (the libraries they need may be without one), and unpacks them into the folder root.
debian() {
	needs apt-get dpkg
	apt-get download "$@" >/dev/null 2>&1 || { echo "not run: apt-get download $*"; exit 2; }
	local package
	for package in *.deb; do dpkg -x "$package" root; done
}

# npm_packages installs packages, each as name@version.
npm_packages() {
	needs node npm
	npm install --silent --no-audit --no-fund "$@" >/dev/null 2>&1 || { echo "not run: npm install $*"; exit 2; }
}

# small_disk mounts a tmpfs of the given size on the folder disk.
small_disk() {
	needs mount umount
	((EUID == 0)) || { echo "not run: only root can mount"; exit 2; }
	trap 'cd /; umount -l "$T/disk" 2>/dev/null || true; clean' EXIT
	mkdir disk
	mount -t tmpfs -o "size=$1" tmpfs disk 2>/dev/null || { echo "not run: tmpfs cannot be mounted"; exit 2; }
}

# go_program makes a module of main.go on standard input with packages, each as path@version.
go_program() {
	needs go
	mkdir -p "$T/program" && cd "$T/program"
	cat >main.go
	go mod init finding >/dev/null 2>&1
	local package
	for package in "$@"; do go get "$package" >/dev/null 2>&1 || { echo "not run: go get $package"; exit 2; }; done
	go mod tidy >/dev/null 2>&1
	go build -o "$T/finding" . || exit 2
	cd "$T"
}

# fixed_clock gives the program of go_program a file with a clock of one day, whatever the day on which this runs.
fixed_clock() {
	mkdir -p "$T/program"
	cat >"$T/program/clock.go" <<-'GO'
		package main

		import "time"

		type fixed struct{}

		func (fixed) Now() time.Time { return time.Date(2025, 11, 28, 12, 0, 0, 0, time.UTC) }
	GO
}

# nats_server gives the program of go_program a file with what those share that have a NATS server with JetStream inside them.
nats_server() {
	mkdir -p "$T/program"
	cat >"$T/program/server.go" <<-'GO'
		package main

		import (
			"time"

			"github.com/nats-io/nats-server/v2/server"
			"github.com/nats-io/nats.go"
			"github.com/nats-io/nats.go/jetstream"
		)

		func must[T any](v T, err error) T {
			if err != nil {
				panic(err)
			}
			return v
		}

		// node is a server on the folder "store", and a client.
		type node struct {
			*server.Server
			conn *nats.Conn
			js   jetstream.JetStream
		}

		func start() node {
			s := must(server.NewServer(&server.Options{JetStream: true, StoreDir: "store", DontListen: true}))
			s.Start()
			if !s.ReadyForConnections(20 * time.Second) {
				panic("the server is not ready")
			}
			conn := must(nats.Connect("", nats.InProcessServer(s)))
			return node{s, conn, must(jetstream.New(conn))}
		}

		func (n node) stop() {
			n.conn.Close()
			n.Shutdown()
			n.WaitForShutdown()
		}
	GO
}

# victorialogs builds and starts VictoriaLogs 1.52.1 with more flags, and puts its address into $url.
victorialogs() {
	needs go curl python3
	local port
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	local module=github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs
	mkdir "$T/build" && cd "$T/build" && go mod init finding >/dev/null 2>&1
	go get $module@v1.52.1 >/dev/null 2>&1 || { echo "not run: go get $module@v1.52.1"; exit 2; }
	go build -o "$T/victoria-logs" $module || exit 2
	cd "$T"
	./victoria-logs -storageDataPath=data -httpListenAddr="127.0.0.1:$port" -inmemoryDataFlushInterval=1s "$@" >log 2>&1 &
	url=http://127.0.0.1:$port
	local try
	for try in {1..300}; do curl -sf "$url/health" >/dev/null && return; sleep 0.1; done
	echo "not run: VictoriaLogs does not answer"
	exit 2
}

# stored asks for rows of run "r" until there are as many as were expected, for 20 seconds, and leaves them in the file rows.
stored() {
	local try
	for try in {1..100}; do
		curl -s "$url/select/logsql/query" --data-urlencode 'query=run:="r"' \
			--data-urlencode 'start=1970-01-01T00:00:00Z' --data-urlencode 'end=2100-01-01T00:00:00Z' >rows
		(($(grep -c . rows) >= $1)) && return || sleep 0.2
	done
}
