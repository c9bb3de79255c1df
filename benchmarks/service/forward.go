package main

import (
	"bytes"
	"fmt"
	"math"
	"net"
	"time"

	"github.com/tinylib/msgp/msgp"

	"example.com/zaphandlers/netcore"
)

// startForward is Fluent Forward with acknowledgements, read by the decoder of fluent-logger's messages.
func startForward(keep func(*record) error) (l link, err error) {
	addr, stop, err := serve(func(conn net.Conn) error { return readForward(conn, keep) })
	if err != nil {
		return l, err
	}
	l.stop = stop
	l.core, err = netcore.New(netcore.Config{
		Address:   addr,
		Formatter: netcore.Forward(netcore.ForwardConfig{Tag: "shop"}),
		Ack:       true,
	})
	return l, err
}

// readForward reads messages in Forward mode until conn ends, and acknowledges those whose records are kept.
func readForward(conn net.Conn, keep func(*record) error) error {
	in, answer := msgp.NewReader(conn), new(bytes.Buffer)
	for {
		entries, chunk, err := readMessage(in)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			pair, _ := entry.([]any)
			if len(pair) != 2 {
				return fmt.Errorf("no entry: %v", entry)
			}
			fields, _ := pair[1].(map[string]any)
			if err := keep(recordOf(fields, "message", "duration", time.Second)); err != nil {
				return err
			}
		}
		answer.Reset()
		out := msgp.NewWriter(answer)
		if err := out.WriteMapStrStr(map[string]string{"ack": chunk}); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if _, err := conn.Write(answer.Bytes()); err != nil {
			return err
		}
	}
}

// readMessage returns the entries of a message in Forward mode, and what its acknowledgement has to say.
func readMessage(in *msgp.Reader) (entries []any, chunk string, err error) {
	v, err := in.ReadIntf()
	if err != nil {
		return nil, "", msgp.Cause(err)
	}
	message, _ := v.([]any)
	if len(message) != 3 {
		return nil, "", fmt.Errorf("no message in Forward mode: %v", v)
	}
	entries, _ = message[1].([]any)
	option, _ := message[2].(map[string]any)
	chunk, ok := option["chunk"].(string)
	if !ok || fmt.Sprint(option["size"]) != fmt.Sprint(len(entries)) {
		return nil, "", fmt.Errorf("%d entries, and %v", len(entries), option)
	}
	return entries, chunk, nil
}

// recordOf returns the record whose values have arrived with their types, under the names that they were logged by. Its level is a text.
func recordOf(fields map[string]any, message, duration string, unit time.Duration) *record {
	text := func(name string) string { s, _ := fields[name].(string); return s }
	r := &record{
		Message: text(message), Method: text("method"), Path: text("path"), Remote: text("remote"), RequestID: text("request_id"),
		UserAgent: text("user_agent"), Error: text("error"),
		Seq: uint64(number(fields["seq"])), Sum: uint32(number(fields["sum"])), Status: int(number(fields["status"])), Bytes: int64(number(fields["bytes"])),
		Duration: time.Duration(math.Round(number(fields[duration]) * float64(unit))),
	}
	_ = r.Level.UnmarshalText([]byte(text("level")))
	return r
}

// number returns a number of any type; 0 if v is none. All that are logged are whole in a float64.
func number(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}
