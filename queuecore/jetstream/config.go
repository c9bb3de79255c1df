package jetstream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Config configures an Engine. Exactly one of Dir, URL and Conn is required; the zero value of every other field is its default.
type Config struct {
	// Dir is the folder of a server in this process, made if it is missing. It is made absolute at construction, so that a later chdir
	// changes nothing. No port is opened. A second engine on the same folder, in this process or another, is an error.
	Dir string

	// SyncAlways makes the server in Dir sync each message to the disk before it acknowledges it, so that records survive a loss of
	// power. It costs an fsync for each batch. It is for Dir only: with URL and Conn the configuration of the servers decides.
	SyncAlways bool

	// URL is the URL of a NATS server, or of several, separated by commas: "nats://a:4222,nats://b:4222". If a reload makes max_payload
	// smaller, the servers do not tell their clients, and end the connection of one that sends more, for good ("connection closed"): then
	// restart the servers, or the program.
	URL string

	// Credentials is the path of a credentials file (JWT and seed), for URL. It is read for each connection, and made absolute at
	// construction. If the servers refuse the credentials for a while, the engine tries again; a Conn does so only with
	// nats.IgnoreAuthErrorAbort().
	Credentials string

	// TLS is for URL. Defaults to what the scheme of the URL requires.
	TLS *tls.Config

	// Conn is your own connection, instead of Dir or URL. Close leaves it open. Make it with nats.MaxReconnects(-1): by default it closes
	// for good when a server was away for two minutes.
	Conn *nats.Conn

	// Stream is the name of the stream: letters, digits, "-" and "_". It and the stream of its cursors, NAME_cursors, are made if they
	// are missing. An existing stream must have been made by this package, or with the same subjects and settings that keep messages: one
	// with interest retention, say, is an error. Defaults to "logs".
	Stream string

	// Replicas is the number of servers of a cluster that hold a stream; it applies when the stream is made. Defaults to 1.
	Replicas int

	// MaxBytes bounds the stream; at least 64 KiB. When it is full Append returns a *RetryError, so that the queue in front keeps
	// its records and its overflow policy decides. A record larger than a quarter of it is refused for good. Defaults to no bound; an
	// existing stream in a cluster keeps its bound.
	MaxBytes int64

	// MaxAge removes older records, delivered or not; Missed counts those that a reader missed. Defaults to no limit; an existing
	// stream in a cluster keeps its limit.
	MaxAge time.Duration

	// Timeout bounds each call: how long New waits for each server of URL, and how long Append tries before it returns a *RetryError.
	// Defaults to 10 s.
	Timeout time.Duration
}

const (
	defaultStream  = "logs"
	defaultTimeout = 10 * time.Second
	leastDuration  = time.Millisecond
	leastBytes     = 64 << 10
)

var streamName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

func (c Config) withDefaults() (Config, error) {
	if c.Stream == "" {
		c.Stream = defaultStream
	}
	if c.Replicas == 0 {
		c.Replicas = 1
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if err := c.check(); err != nil {
		return c, err
	}
	for _, path := range []*string{&c.Dir, &c.Credentials} {
		if *path == "" {
			continue
		}
		whole, err := filepath.Abs(*path)
		if err != nil {
			return c, fmt.Errorf("jetstream: %s: %w", *path, err)
		}
		*path = whole
	}
	return c, nil
}

// check returns an error that names a field with a bad value.
func (c Config) check() error {
	places := 0
	for _, given := range []bool{c.Dir != "", c.URL != "", c.Conn != nil} {
		if given {
			places++
		}
	}
	switch {
	case places == 0:
		return errors.New("jetstream: one of Dir, URL and Conn is required")
	case places > 1:
		return errors.New("jetstream: Dir, URL and Conn exclude each other")
	case c.SyncAlways && c.Dir == "":
		return errors.New("jetstream: SyncAlways is for Dir; of other servers it is the configuration's sync_interval")
	case (c.Credentials != "" || c.TLS != nil) && c.URL == "":
		return errors.New("jetstream: Credentials and TLS are for URL")
	case !streamName.MatchString(c.Stream):
		return fmt.Errorf("jetstream: Stream %q is not made of letters, digits, - and _", c.Stream)
	case c.Replicas < 0 || c.Replicas > 5:
		return fmt.Errorf("jetstream: Replicas %d is not from 1 to 5", c.Replicas)
	case c.Replicas > 1 && c.Dir != "":
		return fmt.Errorf("jetstream: Replicas %d needs a cluster; Dir is one server", c.Replicas)
	case c.MaxBytes < 0:
		return fmt.Errorf("jetstream: MaxBytes %d is negative", c.MaxBytes)
	case c.MaxBytes > 0 && c.MaxBytes < leastBytes:
		return fmt.Errorf("jetstream: MaxBytes %d is less than %d: the stream would have room for nothing", c.MaxBytes, leastBytes)
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"MaxAge", c.MaxAge}, {"Timeout", c.Timeout}} {
		if d.value < 0 || d.value > 0 && d.value < leastDuration {
			return fmt.Errorf("jetstream: %s %v: write a duration with its unit, such as 10*time.Second", d.field, d.value)
		}
	}
	return nil
}

// recordsStream is the configuration with which the stream of records is made.
func (c Config) recordsStream(subject string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: c.Stream, Subjects: []string{subject}, Replicas: c.Replicas, Storage: jetstream.FileStorage,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, MaxBytes: orNoLimit(c.MaxBytes), MaxAge: c.MaxAge,
		AllowDirect: true,
	}
}

// cursorsStream is the configuration with which the stream of cursors is made.
func (c Config) cursorsStream(subject string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: c.Stream + "_cursors", Subjects: []string{subject + "*"}, Replicas: c.Replicas, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardOld,
	}
}
