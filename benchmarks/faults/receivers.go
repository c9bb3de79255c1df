package faults

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"

	"github.com/tinylib/msgp/msgp"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
)

// receiver is a peer. What arrives goes to take; stop waits until all of it has.
type receiver func(take func(frame []byte)) (address string, stop func() error, err error)

// reading returns a receiver that reads each connection by read, until it returns.
func reading(read func(conn net.Conn, take func(frame []byte))) receiver {
	return func(take func(frame []byte)) (string, func() error, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", nil, err
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				wg.Go(func() {
					defer conn.Close()
					read(conn, take)
				})
			}
		})
		return l.Addr().String(), func() error { defer wg.Wait(); return l.Close() }, nil
	}
}

// delimited reads frames that end with a byte. What the connection ended in is no frame.
func delimited(end byte) receiver {
	return reading(func(conn net.Conn, take func([]byte)) {
		for r := bufio.NewReader(conn); ; {
			frame, err := r.ReadBytes(end)
			if err != nil {
				return
			}
			take(bytes.TrimSuffix(frame, []byte{end}))
		}
	})
}

// counted reads frames that begin with their length, as RFC 6587 says.
var counted = reading(func(conn net.Conn, take func([]byte)) {
	for r := bufio.NewReader(conn); ; {
		digits, err := r.ReadString(' ')
		if err != nil {
			return
		}
		length, err := strconv.Atoi(digits[:len(digits)-1])
		if err != nil || length > 1<<20 {
			take([]byte(digits)) // the stream is out of step
			return
		}
		frame := make([]byte, length)
		if _, err := io.ReadFull(r, frame); err != nil {
			return
		}
		take(frame)
	}
})

// forwarded reads fluentd's forward protocol, and confirms what asks for it.
var forwarded = reading(func(conn net.Conn, take func([]byte)) {
	r, w := msgp.NewReader(conn), msgp.NewWriter(conn)
	for {
		message, err := r.ReadIntf()
		if err != nil {
			return
		}
		parts, _ := message.([]any) // tag, time, record, options; or tag, entries, options
		if len(parts) < 3 {
			take([]byte("no message"))
			return
		}
		entries, ok := parts[1].([]any)
		if !ok {
			entries = []any{[]any{parts[1], parts[2]}}
		}
		for _, entry := range entries {
			pair, _ := entry.([]any)
			if len(pair) < 2 {
				take([]byte("no entry"))
				return
			}
			fields, _ := pair[1].(map[string]any)
			text, _ := fields["message"].(string)
			take([]byte(text))
		}
		options, _ := parts[len(parts)-1].(map[string]any)
		if chunk, ok := options["chunk"].(string); ok {
			if w.WriteMapStrStr(map[string]string{"ack": chunk}) != nil || w.Flush() != nil {
				return
			}
		}
	}
})

// answered reads transactions of RELP, and answers each.
var answered = reading(func(conn net.Conn, take func([]byte)) {
	for r := bufio.NewReader(conn); ; {
		var transaction, size int
		var command string
		if _, err := fmt.Fscanf(r, "%d %s %d", &transaction, &command, &size); err != nil {
			return
		}
		data := make([]byte, size+1) // with the space before it
		if size == 0 {
			data = data[:0]
		}
		if _, err := io.ReadFull(r, data); err != nil {
			return
		}
		if end, err := r.ReadByte(); err != nil || end != '\n' {
			return
		}
		answer := "200 OK"
		switch command {
		case "open":
			answer += "\nrelp_version=0\ncommands=syslog"
		case "syslog":
			take(data[1:])
		}
		if _, err := fmt.Fprintf(conn, "%d rsp %d %s\n", transaction, len(answer), answer); err != nil || command == "close" {
			return
		}
	}
})

// posted is a web server that takes the lines of a body that came whole, and then answers.
func posted(take func(frame []byte)) (string, func() error, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		for line := range bytes.Lines(body) {
			take(bytes.TrimSuffix(line, []byte{'\n'}))
		}
	})}
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) })
	return l.Addr().String(), func() error {
		defer wg.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		return s.Shutdown(ctx)
	}, nil
}

// server is this module's own, which confirms.
func server(take func(frame []byte)) (string, func() error, error) {
	s, err := netcore.NewServer(netcore.ServerConfig{
		Address: "127.0.0.1:0", Ack: true, Format: netcore.FormatRecords, Target: taker(take), OnError: func(error) {},
	})
	if err != nil {
		return "", nil, err
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve() })
	return s.Addr().String(), func() error { defer wg.Wait(); return s.Close() }, nil
}

// taker is a Core that takes messages.
type taker func(frame []byte)

func (taker) Enabled(zapcore.Level) bool          { return true }
func (t taker) With([]zapcore.Field) zapcore.Core { return t }
func (taker) Sync() error                         { return nil }

func (t taker) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, t)
}

func (t taker) Write(ent zapcore.Entry, _ []zapcore.Field) error {
	t([]byte(ent.Message))
	return nil
}
