#!/usr/bin/env bash
# nats-server 2.15.2: where max_payload is made smaller and the configuration read again, clients that are connected are not told. The one
# that sends a message as large as it may, for all it knows, has no error from Publish; its connection is ended, and although it
# reconnects for ever (MaxReconnects(-1)) it is closed for good.
. "$(dirname "$0")/lib.sh"
go_program github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 <<'GO'
package main

import (
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const path = "nats.conf"

func configure(maxPayload int) *server.Options {
	if err := os.WriteFile(path, fmt.Appendf(nil, "listen: 127.0.0.1:-1\nmax_payload: %d\n", maxPayload), 0o600); err != nil {
		log.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return opts
}

func main() {
	s, err := server.NewServer(configure(1 << 20))
	if err != nil {
		log.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		log.Fatal("not ready")
	}
	closed := make(chan struct{})
	connect := func() *nats.Conn {
		conn, err := nats.Connect(s.ClientURL(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
		if err != nil {
			log.Fatal(err)
		}
		return conn
	}
	old := connect()
	configure(1 << 16)
	if err := s.Reload(); err != nil {
		log.Fatal(err)
	}
	time.Sleep(time.Second) // time enough for word of it
	fmt.Println("the client may send:", old.MaxPayload())
	fmt.Println("publish:", old.Publish("s", make([]byte, 1<<17)))
	_ = old.FlushTimeout(2 * time.Second)
	select {
	case <-closed:
		fmt.Println("closed, reconnects:", old.Stats().Reconnects, "last error:", old.LastError())
	case <-time.After(10 * time.Second):
		fmt.Println("still open, reconnects:", old.Stats().Reconnects)
	}
	closed = make(chan struct{})
	fmt.Println("one that connects now may send:", connect().MaxPayload())
}
GO
same "the client may send: 1048576
publish: <nil>
closed, reconnects: 0 last error: nats: Maximum Payload Violation
one that connects now may send: 65536" "$(./finding)"
