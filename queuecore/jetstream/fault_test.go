package jetstream

import (
	"bufio"
	"context"
	"fmt"

	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

func batchOf(t *testing.T, messages ...string) *base.Batch {
	t.Helper()
	var b base.Batch
	for _, m := range messages {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: m, Time: time.Unix(1e9, 0)}, base.Context{}, nil))
		b.Add(r.Bytes())
	}
	return &b
}

// readAll reads and acknowledges until it has n records.
func readAll(t *testing.T, e *Engine, cursor string, n int) (messages []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for len(messages) < n {
		var b base.Batch
		last, err := e.Read(ctx, cursor, &b)
		require.NoError(t, err)
		for i := range b.Len() {
			messages = append(messages, b.At(i).Entry().Message)
		}
		require.Eventually(t, func() bool { return e.Ack(cursor, last) == nil }, 20*time.Second, time.Millisecond) // short timeouts, a busy machine
	}
	return messages
}

func appendAll(t *testing.T, e *Engine, messages ...string) {
	t.Helper()
	_, err := e.Append(batchOf(t, messages...))
	require.NoError(t, err)
}

func numbered(n int) (messages []string) {
	for i := range n {
		messages = append(messages, strconv.Itoa(i))
	}
	return messages
}

// testServer is a server with a port, which can be stopped and started again on its folder.
type testServer struct {
	t       *testing.T
	options *server.Options
	*server.Server
}

func newTestServer(t *testing.T, change func(*server.Options)) *testServer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	s := &testServer{t: t, options: &server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
	}}
	if change != nil {
		change(s.options)
	}
	return s
}

func (s *testServer) start() *testServer {
	s.t.Helper()
	s.launch()
	require.True(s.t, s.ReadyForConnections(20*time.Second))
	return s
}

// launch starts the server and does not wait for it: one of a cluster waits for the others.
func (s *testServer) launch() {
	s.t.Helper()
	options := s.options.Clone()
	var err error
	s.Server, err = server.NewServer(options)
	require.NoError(s.t, err)
	go s.Server.Start()
	s.t.Cleanup(s.stop)
}

func (s *testServer) stop() {
	s.Shutdown()
	s.WaitForShutdown()
}

func (s *testServer) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", s.options.Port) }

func TestASecondEngineOnAFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := open(t, Config{Dir: dir})
	_, err := New(Config{Dir: dir})
	require.ErrorContains(t, err, "is in use by another engine")
	appendAll(t, first, "a")
	require.NoError(t, first.Close(t.Context()))
	second := open(t, Config{Dir: dir})
	require.Equal(t, []string{"a"}, readAll(t, second, "reader", 1))
}

func TestARecordLargerThanAMessage(t *testing.T) {
	s := newTestServer(t, func(o *server.Options) { o.MaxPayload = 64 << 10 }).start()
	e := open(t, Config{URL: s.url()})
	large := strings.Repeat("x", 1<<20)
	appendAll(t, e, large, large, "after")
	appendAll(t, e, numbered(5000)...) // in several messages
	want := append([]string{large, large, "after"}, numbered(5000)...)
	require.Equal(t, want, readAll(t, e, "reader", len(want)))
	require.Zero(t, e.Missed())
	last, err := e.Append(batchOf(t))
	require.NoError(t, err)
	require.Equal(t, uint64(len(want)), last, "numbers have no gap")
}

func TestAFullStreamAsksForPatience(t *testing.T) {
	e := open(t, Config{Dir: t.TempDir(), MaxBytes: 1 << 20})
	require.NoError(t, e.Ack("reader", 0))
	text := strings.Repeat("x", 100<<10)
	taken := 0
	var err error
	for range 20 {
		if _, err = e.Append(batchOf(t, text)); err != nil {
			break
		}
		taken++
	}
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	require.Greater(t, taken, 5)
	require.Len(t, readAll(t, e, "reader", taken), taken)
	appendAll(t, e, text) // what was read makes room at once
	require.Len(t, readAll(t, e, "reader", 1), 1)
}

// A server that goes away: Append returns a RetryError, the same batch is appended again, and each record is there once.
func TestAServerThatGoesAwayAndComesBack(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url(), Timeout: 500 * time.Millisecond})
	var want []string
	next := func(n int) (messages []string) {
		for range n {
			messages = append(messages, strconv.Itoa(len(want)+len(messages)))
		}
		return messages
	}
	for range 3 {
		messages := next(3)
		appendAll(t, e, messages...)
		want = append(want, messages...)
		s.stop()
		messages = next(3)
		batch := batchOf(t, messages...)
		_, err := e.Append(batch)
		var retry *base.RetryError
		require.ErrorAs(t, err, &retry)
		s.start()
		require.Eventually(t, func() bool { _, err := e.Append(batch); return err == nil }, 20*time.Second, time.Millisecond)
		want = append(want, messages...)
	}
	require.Equal(t, want, readAll(t, e, "reader", len(want)))
}

// An acknowledgement is lost: the message is stored, and its records are not stored again when they are appended again.
func TestAnAcknowledgementThatIsLost(t *testing.T) {
	s := newTestServer(t, nil).start()
	proxy := newProxy(t, s.options.Port)
	e := open(t, Config{URL: proxy.url(), Timeout: 300 * time.Millisecond})
	appendAll(t, e, "0")
	proxy.deaf.Store(true) // what the server says is not heard
	batch := batchOf(t, "1", "2")
	_, err := e.Append(batch)
	require.Error(t, err)
	proxy.deaf.Store(false)
	proxy.cut()
	require.Eventually(t, func() bool { _, err := e.Append(batchOf(t, "1", "2", "3")); return err == nil }, 20*time.Second, time.Millisecond)
	appendAll(t, e, "4")
	require.Equal(t, numbered(5), readAll(t, e, "reader", 5))
}

// The same if another batch is appended first, or the records come again in parts.
func TestAnAcknowledgementThatIsLostInOtherCompany(t *testing.T) {
	s := newTestServer(t, nil).start()
	proxy := newProxy(t, s.options.Port)
	e := open(t, Config{URL: proxy.url(), Timeout: 300 * time.Millisecond})
	appendAll(t, e, "0")
	again := func(messages ...string) {
		require.Eventually(t, func() bool { _, err := e.Append(batchOf(t, messages...)); return err == nil }, 20*time.Second, time.Millisecond)
	}
	for i, then := range [][]string{{"another's"}, {"1"}} {
		proxy.deaf.Store(true)
		_, err := e.Append(batchOf(t, "1", "2"))
		require.Error(t, err, i)
		proxy.deaf.Store(false)
		proxy.cut()
		again(then...)
		if i == 0 {
			again("1", "2", "3")
		} else {
			again("2", "4")
		}
	}
	require.ElementsMatch(t, []string{"0", "another's", "1", "2", "3", "1", "2", "4"}, readAll(t, e, "reader", 8))
	require.Equal(t, uint64(8), e.appender.number)
}

func TestTwoProcessesAppendInOneOrder(t *testing.T) {
	s := newTestServer(t, nil).start()
	one, other := open(t, Config{URL: s.url()}), open(t, Config{URL: s.url()})
	for i := range 50 {
		appendAll(t, one, fmt.Sprint("one ", i))
		appendAll(t, other, fmt.Sprint("other ", i), "x")
	}
	require.Equal(t, readAll(t, one, "a cursor with blanks, dots. and *", 150), readAll(t, other, "b", 150))
	last, err := one.Append(batchOf(t, "end"))
	require.NoError(t, err)
	require.Equal(t, uint64(151), last)
}

func TestACursorGoesOnInAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Config{Dir: dir})
	appendAll(t, e, numbered(10)...)
	var b base.Batch
	_, err := e.Read(t.Context(), "reader", &b)
	require.NoError(t, err)
	require.NoError(t, e.Ack("reader", 4), "in the middle of a message")
	require.NoError(t, e.Close(t.Context()))
	e = open(t, Config{Dir: dir})
	require.Equal(t, numbered(10)[4:], readAll(t, e, "reader", 6))
	require.NoError(t, e.Close(t.Context()))
	e = open(t, Config{Dir: dir})
	appendAll(t, e, "10")
	require.Equal(t, []string{"10"}, readAll(t, e, "reader", 1))
}

func TestAMessageThatIsNotOursIsToldAndPassed(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url()})
	appendAll(t, e, "a")
	conn, err := nats.Connect(s.url())
	require.NoError(t, err)
	defer conn.Close()
	msg := &nats.Msg{Subject: "zaphandlers.logs.records", Data: []byte("hello"), Header: nats.Header{headerLast: []string{"1"}}}
	_, err = conn.RequestMsg(msg, 5*time.Second)
	require.NoError(t, err)
	appendAll(t, e, "b")
	require.Equal(t, []string{"a"}, readAll(t, e, "reader", 1))
	var b base.Batch
	_, err = e.Read(t.Context(), "reader", &b)
	require.ErrorContains(t, err, "message 2")
	require.Equal(t, []string{"b"}, readAll(t, e, "reader", 1))
}

func TestWhatNewRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"nothing":                 {Config{}, "one of Dir, URL and Conn is required"},
		"two places":              {Config{Dir: "a", URL: "b"}, "exclude each other"},
		"a file for a folder":     {Config{Dir: file}, "Dir"},
		"nobody there":            {Config{URL: "nats://user:secret@127.0.0.1:1", Timeout: time.Second}, "URL nats://user:xxxxx@127.0.0.1:1"},
		"a token, nobody there":   {Config{URL: "nats://secret@127.0.0.1:1", Timeout: time.Second}, "URL nats://xxxxx@127.0.0.1:1:"},
		"no scheme":               {Config{URL: "nats://127.0.0.1:1, u:secret@127.0.0.1:1", Timeout: time.Second}, "URL nats://127.0.0.1:1,nats://u:xxxxx@127.0.0.1:1:"},
		"a secret in the query":   {Config{URL: "nats://127.0.0.1:1?token=secret", Timeout: time.Second}, "URL nats://127.0.0.1:1:"},
		"an escape that is none":  {Config{URL: "nats://u:p%secret@127.0.0.1:1", Timeout: time.Second}, "is no URL such as nats://host:4222"},
		"a host that is none":     {Config{URL: "nats://secret@a b:1", Timeout: time.Second}, "is no URL such as nats://host:4222"},
		"a name with dots":        {Config{Dir: "a", Stream: "a.b"}, "Stream"},
		"replicas of one server":  {Config{Dir: "a", Replicas: 3}, "Replicas"},
		"a bare number":           {Config{Dir: "a", Timeout: 5}, "Timeout"},
		"sync of somebody else's": {Config{URL: "a", SyncAlways: true}, "SyncAlways"},
	} {
		_, err := New(c.cfg)
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "secret", name)
	}
}

func TestAServerWithoutJetStream(t *testing.T) {
	s := newTestServer(t, func(o *server.Options) { o.JetStream = false }).start()
	_, err := New(Config{URL: s.url(), Timeout: time.Second})
	require.ErrorContains(t, err, "JetStream is not enabled")
}

func TestAStreamThatIsSomebodyElses(t *testing.T) {
	s := newTestServer(t, nil).start()
	e := open(t, Config{URL: s.url()})
	_, err := e.js.CreateStream(t.Context(), streamOf("orders", "orders.>"))
	require.NoError(t, err)
	_, err = New(Config{URL: s.url(), Stream: "orders"})
	require.ErrorContains(t, err, "choose another Stream")
}

// TestKilled kills a process that appends, at random moments, and checks that all records whose Append returned nil are there.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("JETSTREAM_CHILD"); dir != "" {
		child(dir)
	}
	rounds := 3
	if text := os.Getenv("ZAPHANDLERS_KILLS"); text != "" {
		rounds, _ = strconv.Atoi(text)
	}
	dir := t.TempDir()
	stored := -1
	for range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "JETSTREAM_CHILD="+dir, "JETSTREAM_FROM="+strconv.Itoa(stored+1))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		until := stored + 1 + rand.IntN(3000)
		for lines.Scan() {
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				stored = n
			}
			if stored >= until {
				break
			}
		}
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() { // what it said before it died
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				stored = n
			}
		}
		_ = cmd.Wait()

		e, err := New(Config{Dir: dir})
		require.NoError(t, err, "a start is never refused")
		last, err := e.Append(batchOf(t))
		require.NoError(t, err)
		require.GreaterOrEqual(t, int(last), stored+1)
		stored = int(last) - 1 // what was stored and not acknowledged any more is there, too
		require.NoError(t, e.Close(t.Context()))
	}
	e := open(t, Config{Dir: dir})
	require.Equal(t, numbered(stored+1), readAll(t, e, "reader", stored+1))
}

// child appends the numbers from JETSTREAM_FROM on, and prints each batch's last when it is stored.
func child(dir string) {
	e, err := New(Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	next, _ := strconv.Atoi(os.Getenv("JETSTREAM_FROM"))
	for {
		var b base.Batch
		for range 1 + rand.IntN(50) {
			var r base.Record
			_ = r.Capture(zapcore.Entry{Message: strconv.Itoa(next), Time: time.Unix(1e9, 0)}, base.Context{}, nil)
			b.Add(r.Bytes())
			next++
		}
		if _, err := e.Append(&b); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(next - 1)
	}
}

// TestAClusterWhoseLeaderDies stops the stream's leader of three servers while records come.
func TestAClusterWhoseLeaderDies(t *testing.T) {
	t.Parallel() // most of it is waiting
	if testing.Short() {
		t.Skip("three servers, and elections")
	}
	servers := newCluster(t)
	var urls []string
	for _, s := range servers {
		urls = append(urls, s.url())
	}
	var e *Engine
	require.Eventually(t, func() (ok bool) {
		var err error
		e, err = New(Config{URL: strings.Join(urls, ","), Replicas: 3, Timeout: 10 * time.Second})
		return err == nil
	}, 60*time.Second, 100*time.Millisecond, "the cluster elects a leader")
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	var want []string
	for round := range 2 {
		for i := range 40 {
			if i == 10 {
				info, err := e.records.Info(t.Context())
				require.NoError(t, err)
				for _, s := range servers {
					if s.Name() == info.Cluster.Leader {
						s.stop()
					}
				}
			}
			m := fmt.Sprint(round, " ", i)
			batch := batchOf(t, m)
			require.Eventually(t, func() bool { _, err := e.Append(batch); return err == nil }, 60*time.Second, time.Millisecond)
			want = append(want, m)
		}
		if round == 0 {
			for _, s := range servers {
				if !s.Running() {
					s.launch()
				}
			}
			require.Eventually(t, func() bool {
				info, err := e.records.Info(t.Context())
				if err != nil || info.Cluster == nil || info.Cluster.Leader == "" || len(info.Cluster.Replicas) != 2 {
					return false
				}
				return info.Cluster.Replicas[0].Current && info.Cluster.Replicas[1].Current
			}, 60*time.Second, 100*time.Millisecond)
		}
	}
	require.Equal(t, want, readAll(t, e, "reader", len(want)))
}

func newCluster(t *testing.T) (servers []*testServer) {
	var routes []string
	for i := range 3 {
		s := newTestServer(t, func(o *server.Options) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			o.ServerName = fmt.Sprint("server", i)
			o.Cluster = server.ClusterOpts{Name: "logs", Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}
			require.NoError(t, l.Close())
			routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", o.Cluster.Port))
		})
		servers = append(servers, s)
	}
	for _, s := range servers {
		s.options.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		s.launch()
	}
	return servers
}

// TestThroughAQueue is the whole way: a queue in front, a listener behind, a restart between.
func TestThroughAQueue(t *testing.T) {
	dir := t.TempDir()
	e := open(t, Config{Dir: dir})
	core, err := queuecore.NewHandler(e, queuecore.Config{OnError: func(err error) { assert.NoError(t, err) }})
	require.NoError(t, err)
	for i := range 1000 {
		require.NoError(t, core.Write(zapcore.Entry{Message: strconv.Itoa(i)}, nil))
	}
	require.NoError(t, core.Close())
	require.NoError(t, e.Close(t.Context()))

	e = open(t, Config{Dir: dir})
	require.Equal(t, numbered(1000), readAll(t, e, "target", 1000))
}
