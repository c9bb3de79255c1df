package jetstream

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/multierr"

	"example.com/zaphandlers/internal/filelock"
)

// lockName is the file in Dir that an engine locks. A NATS server takes no lock: two of them on one folder both
// start, and messages that the second acknowledged are gone when the first goes on.
const lockName = "zaphandlers.lock"

// maxPayload is the largest message of a server in this process, in bytes.
const maxPayload = 8 << 20

// localServer is a server in this process, and the lock on its folder.
type localServer struct {
	cfg Config

	mu     sync.Mutex // guards the fields below
	lock   *os.File
	server *server.Server
	looked time.Time // when the folder was looked at last
}

// startServer makes and locks Dir, and starts a server on it.
func startServer(cfg Config) (*localServer, error) {
	if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("jetstream: Dir: %w", err)
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	local := &localServer{cfg: cfg, lock: lock}
	if err := local.start(); err != nil {
		return nil, multierr.Append(err, local.stop())
	}
	return local, nil
}

// start starts the server. The caller holds mu, or is the only user yet.
func (l *localServer) start() error {
	s, err := server.NewServer(&server.Options{
		ServerName: "zaphandlers",
		DontListen: true,
		JetStream:  true,
		StoreDir:   l.cfg.Dir,
		// The default is three quarters of the free space: a server that starts on a full disk would never take anything.
		JetStreamMaxStore: 1 << 60,
		SyncAlways:        l.cfg.SyncAlways,
		MaxPayload:        maxPayload,
		NoSigs:            true,
		NoSystemAccount:   true,
	})
	if err != nil {
		return fmt.Errorf("jetstream: Dir %s: %w", l.cfg.Dir, err)
	}
	fatal := make(chan string, 1)
	s.SetLogger(fatalLogger{fatal}, false, false)
	l.server = s
	go s.Start()
	ready := make(chan bool, 1)
	go func() { ready <- s.ReadyForConnections(l.cfg.Timeout) }()
	select {
	case text := <-fatal:
		return fmt.Errorf("jetstream: Dir %s: %s", l.cfg.Dir, text)
	case ok := <-ready:
		if !ok || !s.JetStreamEnabled() {
			return fmt.Errorf("jetstream: Dir %s: the server did not start within %v", l.cfg.Dir, l.cfg.Timeout)
		}
	}
	return nil
}

// current returns the server; nil if there is none in this process.
func (l *localServer) current() *server.Server {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.server
}

// restart stops the server and starts another, unless that was done since the failed call began with the server was. A server takes
// no more messages once its disk was full for a moment, and if its folder was removed it goes on in files that nobody will find.
func (l *localServer) restart(was *server.Server) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != was {
		return nil
	}
	l.server.Shutdown()
	l.server.WaitForShutdown()
	if !l.inPlace() {
		if err := os.MkdirAll(l.cfg.Dir, 0o750); err != nil {
			return fmt.Errorf("jetstream: Dir: %w", err)
		}
		lock, err := lockDir(l.cfg.Dir)
		if err != nil {
			return err
		}
		_ = filelock.Close(l.lock)
		l.lock = lock
	}
	return l.start()
}

// checkDir returns an error if the folder was removed or moved. It checks at most once in lookEvery.
func (l *localServer) checkDir() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.looked) < lookEvery {
		return nil
	}
	if !l.inPlace() {
		return fmt.Errorf("jetstream: Dir %s was removed or moved, with what was in it", l.cfg.Dir)
	}
	l.looked = time.Now()
	return nil
}

// inPlace reports whether the lock file is still in the folder. The caller holds mu.
func (l *localServer) inPlace() bool {
	mine, err := l.lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(filepath.Join(l.cfg.Dir, lockName))
	return err == nil && os.SameFile(mine, there)
}

// InProcessConn implements nats.InProcessConnProvider.
func (l *localServer) InProcessConn() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.server.InProcessConn()
}

// fatalLogger keeps why a server did not start.
type fatalLogger struct{ fatal chan string }

func (fatalLogger) Noticef(string, ...any) {}
func (fatalLogger) Warnf(string, ...any)   {}
func (fatalLogger) Errorf(string, ...any)  {}
func (fatalLogger) Debugf(string, ...any)  {}
func (fatalLogger) Tracef(string, ...any)  {}
func (l fatalLogger) Fatalf(format string, v ...any) {
	select {
	case l.fatal <- fmt.Sprintf(format, v...):
	default:
	}
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
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil {
		l.server.Shutdown()
		l.server.WaitForShutdown()
	}
	return filelock.Close(l.lock)
}

// connect returns a connection to the servers of cfg, or to local. Errors that no call returns go to serverErrs.
func connect(cfg Config, local *localServer, serverErrs *serverErrors) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name("zaphandlers"),
		nats.Timeout(cfg.Timeout),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(), // users that are reloaded, or a token that is renewed late, must not close the connection for good
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ErrorHandler(serverErrs.handle),
		nats.ReconnectBufSize(-1), // a publish while the server is away is an error to us, not a promise
	}
	urls := cfg.URL
	if local != nil {
		urls = ""
		options = append(options, nats.InProcessServer(local))
	}
	if cfg.Credentials != "" {
		options = append(options, nats.UserCredentials(cfg.Credentials))
	}
	if cfg.TLS != nil {
		options = append(options, nats.Secure(cfg.TLS))
	}
	conn, err := nats.Connect(urls, options...)
	if bad := (*url.Error)(nil); errors.As(err, &bad) { // its text quotes the URL, with its secrets
		err = errors.New("it is no URL such as nats://host:4222")
	}
	if err != nil {
		return nil, fmt.Errorf("jetstream: URL %s: %w", withoutSecrets(urls), err)
	}
	return conn, nil
}

// withoutSecrets returns URLs for an error: with x's for passwords, and for users without a password, which are tokens.
func withoutSecrets(urls string) string {
	each := strings.Split(urls, ",")
	for i, text := range each {
		if text = strings.TrimSpace(text); !strings.Contains(text, "://") {
			text = "nats://" + text // as the client does
		}
		u, err := url.Parse(text)
		if err != nil {
			each[i] = "that is none"
			continue
		}
		shown := url.URL{Scheme: u.Scheme, Host: u.Host}
		if _, both := u.User.Password(); both {
			shown.User = url.UserPassword(u.User.Username(), "xxxxx")
		} else if u.User != nil {
			shown.User = url.User("xxxxx")
		}
		each[i] = shown.String()
	}
	return strings.Join(each, ",")
}
