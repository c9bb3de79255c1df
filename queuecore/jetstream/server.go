package jetstream

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/multierr"

	"example.com/zaphandlers/internal/filelock"
)

// lockName is the file in Dir whose lock says that an engine uses it. The server has no lock of its own: two on one folder both
// start, and what the second acknowledged is gone when the first goes on.
const lockName = "zaphandlers.lock"

// maxPayload is the largest message of a server in this process, in bytes.
const maxPayload = 8 << 20

// localServer is a server in this process, and the lock on its folder.
type localServer struct {
	server *server.Server
	lock   *os.File
}

// startServer starts a server on dir.
func startServer(cfg Config) (*localServer, error) {
	if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("jetstream: Dir: %w", err)
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	options := &server.Options{
		ServerName:      "zaphandlers",
		DontListen:      true,
		JetStream:       true,
		StoreDir:        cfg.Dir,
		SyncAlways:      cfg.SyncAlways,
		MaxPayload:      maxPayload,
		NoSigs:          true,
		NoLog:           true,
		NoSystemAccount: true,
	}
	s, err := server.NewServer(options)
	if err != nil {
		return nil, multierr.Append(fmt.Errorf("jetstream: Dir %s: %w", cfg.Dir, err), lock.Close())
	}
	local := &localServer{server: s, lock: lock}
	go s.Start()
	if !s.ReadyForConnections(cfg.Timeout) || !s.JetStreamEnabled() {
		return nil, multierr.Append(fmt.Errorf("jetstream: Dir %s: the server did not start within %v", cfg.Dir, cfg.Timeout), local.stop())
	}
	return local, nil
}

// lockDir takes the lock of a folder.
func lockDir(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("jetstream: Dir: %w", err)
	}
	taken, err := filelock.TryLock(lock)
	switch {
	case taken:
		return nil, multierr.Append(fmt.Errorf("jetstream: Dir %s is in use by another engine, of this process or another", dir), lock.Close())
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		return nil, multierr.Append(fmt.Errorf("jetstream: Dir %s: lock: %w", dir, err), lock.Close())
	}
	return lock, nil
}

func (l *localServer) stop() error {
	if l == nil {
		return nil
	}
	l.server.Shutdown()
	l.server.WaitForShutdown()
	return l.lock.Close()
}

// connect returns a connection to the servers of cfg.
func connect(cfg Config, local *localServer) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name("zaphandlers"),
		nats.Timeout(cfg.Timeout),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectBufSize(-1), // a publish while the server is away is an error to us, not a promise
	}
	urls := cfg.URL
	if local != nil {
		urls = ""
		options = append(options, nats.InProcessServer(local.server))
	}
	if cfg.Credentials != "" {
		options = append(options, nats.UserCredentials(cfg.Credentials))
	}
	if cfg.TLS != nil {
		options = append(options, nats.Secure(cfg.TLS))
	}
	conn, err := nats.Connect(urls, options...)
	if err != nil {
		return nil, fmt.Errorf("jetstream: URL %s: %w", withoutPassword(urls), err)
	}
	return conn, nil
}

// withoutPassword returns URLs as they may be told.
func withoutPassword(urls string) string {
	each := strings.Split(urls, ",")
	for i, text := range each {
		if u, err := url.Parse(strings.TrimSpace(text)); err == nil {
			each[i] = u.Redacted()
		} else {
			each[i] = "that is none" // the parser's error would quote it
		}
	}
	return strings.Join(each, ",")
}
