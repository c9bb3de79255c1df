package backends

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/peers"
)

// server is a backend that runs.
type server struct {
	t       testing.TB
	addr    string // host:port of its HTTP
	forward string // host:port where the collector takes Fluent Forward
	ready   string // path that answers 200 when it is up; "" if it does not speak HTTP
	command func() *exec.Cmd
	process *exec.Cmd
	ended   chan struct{}
	log     string
}

// program returns where the peer is that scripts/peers.sh has named.
func program(t testing.TB, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if _, err := os.Stat(path); path == "" || err != nil {
		peers.Missing(t, variable+" names no program: scripts/peers.sh builds it")
	}
	return path
}

// freePort returns a port of the loopback that nobody listens at.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// run starts a backend, which ends with the test.
func run(t testing.TB, addr, ready string, command func() *exec.Cmd) *server {
	s := &server{t: t, addr: addr, ready: ready, command: command, log: filepath.Join(t.TempDir(), "log")}
	s.start()
	t.Cleanup(func() {
		s.stop(syscall.SIGKILL)
		if t.Failed() {
			if text, err := os.ReadFile(s.log); err == nil {
				t.Logf("its log ends: %s", text[max(0, len(text)-2000):])
			}
		}
	})
	return s
}

// start starts it anew, with what it has stored.
func (s *server) start() {
	s.process, s.ended = s.command(), make(chan struct{})
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(s.t, err)
	defer log.Close()
	s.process.Stdout, s.process.Stderr = log, log
	require.NoError(s.t, s.process.Start())
	go func(process *exec.Cmd, ended chan struct{}) {
		_ = process.Wait()
		close(ended)
	}(s.process, s.ended)
	require.Eventually(s.t, func() bool {
		if s.ready == "" {
			conn, err := net.Dial("tcp", s.addr)
			if err == nil {
				_ = conn.Close()
			}
			return err == nil
		}
		resp, err := http.Get("http://" + s.addr + s.ready)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode < 500 // it is up, whatever it has there
	}, 60*time.Second, 20*time.Millisecond, "it does not come up")
}

// stop ends it by a signal.
func (s *server) stop(signal os.Signal) {
	_ = s.process.Process.Signal(signal)
	<-s.ended
}

// ask sends a request and returns the answer's body.
func (s *server) ask(method, path, contentType, body string) (status int, answer []byte) {
	req, err := http.NewRequest(method, "http://"+s.addr+path, strings.NewReader(body))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return resp.StatusCode, answer
}
