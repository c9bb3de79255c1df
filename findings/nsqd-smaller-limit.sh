#!/usr/bin/env bash
# nsqd 1.3.0 is started again with a smaller max-msg-size. When it comes to a message on its disk that is larger, it takes the whole file for
# damaged, renames it to .bad and goes on with the next file. The small messages behind that one, in a file of up to 100 MB, are never delivered.
. "$(dirname "$0")/lib.sh"
go_program github.com/nsqio/nsq@v1.3.0 github.com/nsqio/go-nsq@v1.1.0 <<'GO'
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/nsqio/go-nsq"
	"github.com/nsqio/nsq/nsqd"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var quiet = log.New(io.Discard, "", 0)

// run calls work while a server runs on the folder "data".
func run(maxMsgSize int64, work func(address string)) {
	opts := nsqd.NewOptions()
	opts.TCPAddress, opts.HTTPAddress = "127.0.0.1:0", "127.0.0.1:0"
	opts.DataPath = "data"
	opts.Logger = quiet
	opts.MaxMsgSize = maxMsgSize
	server := must(nsqd.New(opts))
	if err := server.LoadMetadata(); err != nil {
		panic(err)
	}
	ended := make(chan error)
	go func() { ended <- server.Main() }()
	work(server.RealTCPAddr().String())
	server.Exit()
	<-ended
}

// publish sends 20 messages; the sixth is large.
func publish(address string) {
	producer := must(nsq.NewProducer(address, nsq.NewConfig()))
	producer.SetLogger(quiet, nsq.LogLevelError)
	for i := range 20 {
		size := 100
		if i == 5 {
			size = 5000
		}
		if err := producer.Publish("logs", bytes.Repeat([]byte{'a' + byte(i)}, size)); err != nil {
			panic(err)
		}
	}
	producer.Stop()
}

// consume returns the first byte of each message, until none comes for three seconds.
func consume(address string) (got string) {
	consumer := must(nsq.NewConsumer("logs", "reader", nsq.NewConfig()))
	consumer.SetLogger(quiet, nsq.LogLevelError)
	bodies := make(chan []byte)
	consumer.AddHandler(nsq.HandlerFunc(func(m *nsq.Message) error { bodies <- m.Body; return nil }))
	if err := consumer.ConnectToNSQD(address); err != nil {
		panic(err)
	}
	for {
		select {
		case body := <-bodies:
			got += string(body[:1])
		case <-time.After(3 * time.Second):
			consumer.Stop()
			<-consumer.StopChan
			return got
		}
	}
}

func main() {
	for _, limit := range []int64{10000, 2000} {
		os.RemoveAll("data")
		os.Mkdir("data", 0o755)
		run(10000, publish)
		run(limit, func(address string) { fmt.Println("with", limit, "there came", consume(address)) })
		fmt.Println("bad files:", len(must(filepath.Glob("data/*.bad"))))
	}
}
GO
same "with 10000 there came abcdefghijklmnopqrst
bad files: 0
with 2000 there came abcde
bad files: 1" "$(./finding)"
