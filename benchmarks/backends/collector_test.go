package backends

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/encoding/protojson"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"
)

const collectorConfig = `
receivers:
  otlp:
    protocols:
      http:
        endpoint: %[1]s
%[3]s
  fluent_forward:
    endpoint: %[4]s
exporters:
  lines:
    path: %[2]s
extensions:
  bearertokenauth:
    token: right
service:
  extensions: [bearertokenauth]
  telemetry:
    metrics:
      level: none
  pipelines:
    logs:
      receivers: [otlp, fluent_forward]
      exporters: [lines]
`

// otelCollector starts OpenTelemetry's collector, which writes what it gets to a file. more is of its receiver of OTLP.
func otelCollector(t testing.TB, more string) (s *server, out string) {
	path := program(t, "ZAPHANDLERS_OTELCOL")
	dir, addr, forward := t.TempDir(), "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	out = filepath.Join(dir, "out")
	config := filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, collectorConfig, addr, out, more, forward), 0o644))
	s = run(t, addr, "/", func() *exec.Cmd { return exec.Command(path, "--config", "file:"+config) })
	s.forward = forward
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", forward) // its other receiver may be there first
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 60*time.Second, 5*time.Millisecond)
	return s, out
}

// collected returns the records that the collector has written, by their attribute n.
func collected(t testing.TB, out string) map[string][]*logs.LogRecord {
	text, err := os.ReadFile(out)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	text = text[:bytes.LastIndexByte(text, '\n')+1] // the next line is being written
	found := map[string][]*logs.LogRecord{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var data logs.LogsData
		require.NoError(t, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(hexIDs(t, lines.Bytes()), &data))
		for _, r := range data.ResourceLogs[0].ScopeLogs[0].LogRecords {
			for _, a := range r.Attributes {
				if a.Key == "n" {
					n := strconv.FormatInt(a.Value.GetIntValue(), 10)
					found[n] = append(found[n], r)
				}
			}
		}
	}
	return found
}

// cutTorn cuts off the line that a collector was killed in; what would be in it was not answered for.
func cutTorn(t testing.TB, out string) {
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(out, int64(bytes.LastIndexByte(text, '\n')+1)))
}

func TestCollector(t *testing.T) {
	for _, inJSON := range []bool{false, true} {
		for _, gzip := range []bool{false, true} {
			t.Run(fmt.Sprintf("JSON %v, gzip %v", inJSON, gzip), func(t *testing.T) {
				s, out := otelCollector(t, "")
				all := records("otel")
				all[0].fields = append(all[0].fields, zap.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"), zap.String("span_id", "00f067aa0ba902b7"))
				all[500].ent.Time, all[501].ent.Time = time.Time{}, time.Unix(-1, 0) // neither harms a neighbour
				stats, _ := queued(t, httpcore.Config{URL: "http://" + s.addr + "/v1/logs", Gzip: gzip,
					Envelope: httpcore.OTLP(httpcore.OTLPConfig{JSON: inJSON, Resource: []zapcore.Field{zap.String("service.name", "shop")}})}, all)
				require.Equal(t, httpcore.Stats{Accepted: total, Delivered: total}, stats)
				found := collected(t, out)
				for n, r := range all {
					require.Len(t, found[strconv.Itoa(n)], 1, "record %d", n)
					got := found[strconv.Itoa(n)][0]
					require.Equal(t, r.ent.Message, got.Body.GetStringValue())
					require.Equal(t, r.ent.Level.String(), got.SeverityText)
					require.Equal(t, 9+4*int(r.ent.Level), int(got.SeverityNumber))
					require.NotZero(t, got.ObservedTimeUnixNano)
					if n == 500 || n == 501 {
						require.Zero(t, got.TimeUnixNano)
					} else {
						require.Equal(t, uint64(r.ent.Time.UnixNano()), got.TimeUnixNano)
					}
					keys := map[string]bool{}
					for _, a := range got.Attributes {
						require.False(t, keys[a.Key], "%s is there twice", a.Key)
						keys[a.Key] = true
					}
				}
				require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", hexOf(found["0"][0].TraceId))
				require.Equal(t, "00f067aa0ba902b7", hexOf(found["0"][0].SpanId))
			})
		}
	}
}

// It says 400 to what is too large, 500 to what it can never export, 503 to what it cannot export now, 401 to a wrong token.
func TestCollectorRefuses(t *testing.T) {
	t.Run("too large", func(t *testing.T) {
		s, out := otelCollector(t, "        max_request_body_size: 20000")
		all := records("otel")
		large := 0
		for n := range all {
			if n%len(odd) == 8 {
				large++
			}
		}
		stats, _ := queued(t, httpcore.Config{URL: "http://" + s.addr + "/v1/logs", Envelope: httpcore.OTLP(httpcore.OTLPConfig{})}, all)
		require.Equal(t, uint64(large), stats.Refused)
		require.Len(t, collected(t, out), total-large)
	})
	t.Run("for good, and for now", func(t *testing.T) {
		s, out := otelCollector(t, "")
		core, err := httpcore.New(httpcore.Config{URL: "http://" + s.addr + "/v1/logs", Envelope: httpcore.OTLP(httpcore.OTLPConfig{}),
			RetryStart: time.Millisecond, RetryMax: time.Millisecond})
		require.NoError(t, err)
		defer core.Close()
		batch := batchOf(t, records("otel")[:10])
		require.NoError(t, os.WriteFile(out+".refuse", []byte("permanent"), 0o644))
		n, err := core.WriteBatch(batch)
		require.Equal(t, 10, n)
		var rejected *base.RejectedError
		require.ErrorAs(t, err, &rejected)
		require.ErrorContains(t, err, "500 Internal Server Error: Permanent error: refused as asked for")
		require.NoError(t, os.WriteFile(out+".refuse", []byte("now"), 0o644))
		n, err = core.WriteBatch(batch)
		require.Zero(t, n)
		var retry *base.RetryError
		require.ErrorAs(t, err, &retry)
		require.ErrorContains(t, err, "503")
		require.NoError(t, os.Remove(out+".refuse"))
		require.Eventually(t, func() bool { n, err := core.WriteBatch(batch); return n == 10 && err == nil }, 5*time.Second, 5*time.Millisecond)
		require.Len(t, collected(t, out), 10)
	})
	t.Run("a wrong token", func(t *testing.T) {
		s, out := otelCollector(t, "        auth:\n          authenticator: bearertokenauth")
		for token, want := range map[string]string{"wrong": "401", "right": ""} {
			core, err := httpcore.New(httpcore.Config{URL: "http://" + s.addr + "/v1/logs", Envelope: httpcore.OTLP(httpcore.OTLPConfig{}),
				Token: token, PlaintextCredentials: true})
			require.NoError(t, err)
			_, err = core.WriteBatch(batchOf(t, records("otel")[:3]))
			if want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, want)
			}
			require.NoError(t, core.Close())
		}
		require.Len(t, collected(t, out), 3)
	})
}

// Killed or ended in mid-run, and started again: nothing is lost.
func TestCollectorRestarts(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			s, out := otelCollector(t, "")
			core, err := httpcore.New(httpcore.Config{URL: "http://" + s.addr + "/v1/logs", Envelope: httpcore.OTLP(httpcore.OTLPConfig{}),
				RetryStart: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond})
			require.NoError(t, err)
			defer core.Close()
			queue, err := queuecore.New(queuecore.Config{OnError: func(err error) { t.Log(err) }, Targets: []queuecore.TargetConfig{{
				Core: core, BatchRecords: 200, RetryStart: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond}}})
			require.NoError(t, err)
			const many = 8000
			for n := range many {
				require.NoError(t, queue.Write(zapcore.Entry{Time: noon, Message: "order"}, []zap.Field{zap.Int("n", n)}))
				if n == many/2 {
					require.Eventually(t, func() bool { return core.Stats().Delivered > 0 }, 10*time.Second, time.Millisecond)
					s.stop(signal)
					cutTorn(t, out)
					s.start()
				}
			}
			require.NoError(t, queue.Sync())
			require.NoError(t, queue.Close())
			require.Equal(t, uint64(many), core.Stats().Delivered)
			found := collected(t, out)
			require.Len(t, found, many)
			for n, copies := range found {
				require.LessOrEqual(t, len(copies), 2, "record %s", n)
			}
		})
	}
}
