#!/usr/bin/env bash
# nats-server 2.15.2, JetStream with a duplicate window of an hour: within it a message of one id is taken once, also when the first is no longer
# stored (acknowledged in a work queue). After a restart the server knows only the ids of what is still stored: the same message is taken
# again. A publisher that repeats what it has no answer for, as after a restart, makes a copy of what was already worked off.
. "$(dirname "$0")/lib.sh"
nats_server
go_program github.com/nats-io/nats-server/v2@v2.15.2 github.com/nats-io/nats.go@v1.55.0 <<'GO'
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	ctx := context.Background()
	n := start()
	stream := must(n.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "S", Subjects: []string{"s"}, Retention: jetstream.WorkQueuePolicy, Duplicates: time.Hour, MaxAge: 2 * time.Hour,
	}))
	publish := func(when string) {
		fmt.Println(when+": taken for a duplicate:", must(n.js.Publish(ctx, "s", []byte("m"), jetstream.WithMsgID("id"))).Duplicate)
	}
	publish("first")
	consumer := must(stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "c", AckPolicy: jetstream.AckExplicitPolicy}))
	if err := must(consumer.Next()).DoubleAck(ctx); err != nil {
		panic(err)
	}
	publish("again, the first being worked off")
	n.stop()
	n = start()
	publish("after a restart")
	n.stop()
}
GO
same "first: taken for a duplicate: false
again, the first being worked off: taken for a duplicate: true
after a restart: taken for a duplicate: false" "$(./finding)"
