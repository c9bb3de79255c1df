#!/usr/bin/env bash
# nats-server 2.15.2: two servers on one store directory both start, as no lock keeps the second out, and both acknowledge what is published.
# Of 300 messages that were acknowledged 200 are stored when both have stopped and one starts again, and no error was seen.
. "$(dirname "$0")/lib.sh"
nats_server
go_program github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 <<'GO'
package main

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	ctx := context.Background()
	first := start()
	must(first.js.CreateStream(ctx, jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}))
	publish := func(n node, name string) {
		for i := range 100 {
			must(n.js.Publish(ctx, "s", fmt.Appendf(nil, "%s %d", name, i)))
		}
		fmt.Println(name + ": 100 acknowledged")
	}
	publish(first, "first")
	second := start()
	fmt.Println("the second has started")
	publish(second, "second")
	publish(first, "first again")
	second.stop()
	first.stop()
	third := start()
	stream := must(third.js.Stream(ctx, "S"))
	fmt.Println("stored:", must(stream.Info(ctx)).State.Msgs)
	third.stop()
}
GO
same "first: 100 acknowledged
the second has started
second: 100 acknowledged
first again: 100 acknowledged
stored: 200" "$(./finding)"
