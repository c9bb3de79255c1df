package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// collector is a queue in front of HTTP: batches of JSON lines, compressed, to a server that stores them. The server is that of
// -http, or one of the program's own, which fails now and then.
//
//	logger ─► queue ─► Core ── POST, Idempotency-Key ──► server ─► file
//	                        ◄── 204, 503 or nothing ──
//
// The program's own server stores what it gets, and that is read back. With -http, the records that were answered with 2xx are kept
// and read back.
type collector struct {
	url string // of the server; "" for one of its own

	own   *flakyServer
	file  *os.File
	core  *httpcore.Core
	queue *queuecore.Core
}

func (d *collector) open(dir string) (zapcore.Core, error) {
	var err error
	if d.file, err = os.Create(filepath.Join(dir, "collected.log")); err != nil {
		return nil, err
	}
	if err := d.connect(); err != nil {
		return nil, multierr.Append(err, d.close())
	}
	return d.queue, nil
}

func (d *collector) connect() (err error) {
	cfg := httpcore.Config{
		URL:     d.url,
		Encoder: newEncoder(),
		Gzip:    true,
	}
	var onError func(error)
	target := queuecore.TargetConfig{}
	if d.url == "" {
		// The server's failures are short, and not worth reporting.
		cfg.RetryStart, cfg.RetryMax, target.RetryStart, target.RetryMax = flakyRetry, flakyRetry, flakyRetry, flakyRetry
		onError = func(error) {}
		if d.own, err = newFlakyServer(d.file); err != nil {
			return err
		}
		cfg.URL = "http://" + d.own.addr
	} else {
		cfg.Client = &http.Client{Transport: &recordingTransport{file: d.file}}
	}
	if d.core, err = httpcore.New(cfg); err != nil {
		return err
	}
	target.Core = d.core
	d.queue, err = queuecore.New(queuecore.Config{Targets: []queuecore.TargetConfig{target}, OnError: onError})
	return err
}

// flakyRetry is the time between two attempts with the program's own server.
const flakyRetry = 5 * time.Millisecond

// close empties the queue into the server, and then stops the server.
func (d *collector) close() (err error) {
	if d.queue != nil {
		err = d.queue.Close()
	}
	if d.core != nil {
		err = multierr.Append(err, d.core.Close())
	}
	if d.own != nil {
		err = multierr.Append(err, d.own.close())
	}
	return multierr.Append(err, d.file.Close())
}

func (d *collector) stats() base.Stats { return d.queue.Stats() }

func (d *collector) readBack(t *tally) error { return t.readFile(d.file.Name()) }

// flakyServer is a server that knows idempotency keys. It is sometimes busy, and sometimes stores a request without an answer.
type flakyServer struct {
	addr   string
	server http.Server

	mu       sync.Mutex // guards the fields below
	file     io.Writer
	requests int
	stored   map[string]bool // keys
}

func newFlakyServer(file io.Writer) (*flakyServer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &flakyServer{addr: l.Addr().String(), file: file, stored: make(map[string]bool)}
	s.server.Handler = s
	go func() { _ = s.server.Serve(l) }() // until close
	return s, nil
}

func (s *flakyServer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.server.Shutdown(ctx)
}

// ServeHTTP is busy for every seventh request, and does not answer every eleventh.
func (s *flakyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := plain(r.Body, r.Header)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	switch {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case s.requests%7 == 0:
		w.WriteHeader(http.StatusServiceUnavailable)
	case s.keep(r.Header.Get("Idempotency-Key"), body) != nil:
		w.WriteHeader(http.StatusInsufficientStorage)
	case s.requests%11 == 0:
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// keep stores a body, unless it has it already.
func (s *flakyServer) keep(key string, body []byte) error {
	if s.stored[key] {
		return nil
	}
	_, err := s.file.Write(body)
	s.stored[key] = err == nil
	return err
}

// plain reads a body that may be compressed.
func plain(body io.Reader, header http.Header) ([]byte, error) {
	if header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(body); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(body)
}

// recordingTransport is a transport that writes the bodies to a file that the server has accepted.
type recordingTransport struct{ file io.Writer }

func (t *recordingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	answer, err := http.DefaultTransport.RoundTrip(again)
	if err != nil || answer.StatusCode/100 != 2 {
		return answer, err
	}
	text, err := plain(bytes.NewReader(body), r.Header)
	if err == nil {
		_, err = t.file.Write(text)
	}
	return answer, err
}
