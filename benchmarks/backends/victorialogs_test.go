package backends

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

// victoriaLogs starts VictoriaLogs, which keeps records of any time.
func victoriaLogs(t testing.TB, flags ...string) *server {
	path := program(t, "ZAPHANDLERS_VICTORIALOGS")
	dir, port := t.TempDir(), freePort(t)
	args := append([]string{"-storageDataPath=" + dir, "-httpListenAddr=127.0.0.1:" + port, "-retentionPeriod=100y", "-futureRetention=100y",
		"-inmemoryDataFlushInterval=1s", "-loggerLevel=WARN"}, flags...)
	return run(t, "127.0.0.1:"+port, "/health", func() *exec.Cmd { return exec.Command(path, args...) })
}

// row is one that VictoriaLogs gives back: every value is a text.
type row map[string]string

// rows asks for the records of a run until there are so many, and returns them by the value of that field.
func rows(t testing.TB, s *server, runField, run, by string, want int) map[string][]row {
	t.Helper()
	found := map[string][]row{}
	ask := "/select/logsql/query?" + url.Values{"query": {fmt.Sprintf("%q:=%q", runField, run)}, "limit": {"100000"}}.Encode()
	require.Eventually(t, func() bool {
		_, answer := s.ask("GET", ask, "", "")
		clear(found)
		n := 0
		for line := range bytes.Lines(answer) {
			var r row
			if json.Unmarshal(line, &r) != nil {
				return false
			}
			found[r[by]] = append(found[r[by]], r)
			n++
		}
		return n >= want
	}, 20*time.Second, 100*time.Millisecond, "%d of %d records", len(found), want)
	return found
}

// vlWire is a wire that VictoriaLogs takes.
type vlWire struct {
	name     string
	path     string
	envelope httpcore.Envelope
	prefix   string // of the names of fields
	message  string // the name that the message has in what is sent
	time     string // the name that the time has in it, if it has one
	level    string // the name of the severity in what comes back
	parts    func(t testing.TB, body []byte) [][]byte
}

var vlWires = []vlWire{
	{
		name: "_bulk", path: "/insert/elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message&_stream_fields=run",
		envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "logs"}), message: "message", time: "@timestamp", level: "log.level",
		parts: func(t testing.TB, body []byte) (parts [][]byte) {
			for i, line := range bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n")) {
				if i%2 == 1 {
					parts = append(parts, line)
				}
			}
			return parts
		},
	},
	{
		name: "JSON lines", path: "/insert/jsonline?_time_field=ts&_msg_field=msg&_stream_fields=run",
		envelope: httpcore.JSONLines(), message: "msg", time: "ts", level: "level",
		parts: func(t testing.TB, body []byte) [][]byte {
			return bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
		},
	},
	{
		name: "Loki", path: "/insert/loki/api/v1/push?_msg_field=msg",
		envelope: httpcore.Loki(httpcore.LokiConfig{Labels: map[string]string{"app": "shop"}}), message: "msg", level: "level",
		parts: func(t testing.TB, body []byte) (parts [][]byte) {
			for d := json.NewDecoder(bytes.NewReader(body)); d.More(); {
				var push struct {
					Streams []struct{ Values [][2]string }
				}
				require.NoError(t, d.Decode(&push))
				for _, s := range push.Streams {
					parts = append(parts, []byte(s.Values[0][1]))
				}
			}
			return parts
		},
	},
	{
		name: "Splunk", path: "/services/collector/event?_msg_field=event.msg&_stream_fields=event.run",
		envelope: httpcore.Splunk(httpcore.SplunkConfig{}), prefix: "event.", message: "msg", level: "event.level",
		parts: func(t testing.TB, body []byte) (parts [][]byte) {
			for d := json.NewDecoder(bytes.NewReader(body)); d.More(); {
				var event struct{ Event json.RawMessage }
				require.NoError(t, d.Decode(&event))
				parts = append(parts, event.Event)
			}
			return parts
		},
	},
}

// TestVictoriaLogs sends a thousand records of every kind by every wire, and asks for them.
func TestVictoriaLogs(t *testing.T) {
	s := victoriaLogs(t)
	for _, wire := range vlWires {
		for _, gzip := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, gzip %v", wire.name, gzip), func(t *testing.T) {
				name := fmt.Sprintf("%s %v", wire.name, gzip)
				all := records(name)
				stats, _ := queued(t, httpcore.Config{URL: "http://" + s.addr + wire.path, Envelope: wire.envelope, Gzip: gzip}, all)
				require.Equal(t, httpcore.Stats{Accepted: total, Delivered: total}, stats)
				found := rows(t, s, wire.prefix+"run", name, wire.prefix+"n", total)
				parts := wire.parts(t, sent(t, wire.envelope, all))
				require.Len(t, parts, total)
				for n, r := range all {
					key := strconv.Itoa(n)
					require.Len(t, found[key], 1, "record %d", n)
					wire.check(t, r, parts[n], found[key][0])
				}
			})
		}
	}
}

// check compares what came back with what was logged, and with what was sent, value by value.
func (w vlWire) check(t testing.TB, r record, part []byte, got row) {
	at, err := time.Parse(time.RFC3339Nano, got["_time"])
	require.NoError(t, err)
	require.Equal(t, r.ent.Time.UnixNano(), at.UnixNano(), "the time, to the nanosecond")
	require.Equal(t, r.ent.Message, got["_msg"])
	require.Equal(t, r.ent.Level.String(), got[w.level], "what a field is called does not change the severity")
	want := flat(t, part)
	delete(want, w.message)
	delete(want, w.time)
	for name, value := range want {
		if got[w.prefix+name] != value {
			require.Equal(t, value, got[w.prefix+name], "%s of %v", name, got)
		}
	}
	for _, f := range r.fields { // independent of what was sent: no value is lost, under whatever name
		if f.Type == zapcore.StringType && f.String != "" {
			requireValue(t, got, f.String)
		}
	}
}

// requireValue requires that a value is there, under whatever name.
func requireValue(t testing.TB, r row, want string) {
	for _, value := range r {
		if value == want {
			return
		}
	}
	require.Fail(t, "a value is lost", "%.100q of %.1000v", want, r)
}

// sent returns the body that an Envelope makes of records.
func sent(t testing.TB, envelope httpcore.Envelope, all []record) []byte {
	var c caught
	envelope.Read = nil
	core, err := httpcore.New(httpcore.Config{URL: "http://h/", Envelope: envelope, Client: &http.Client{Transport: &c}, MaxBatchBytes: 1 << 30})
	require.NoError(t, err)
	defer core.Close()
	n, err := core.WriteBatch(batchOf(t, all))
	require.NoError(t, err)
	require.Equal(t, len(all), n)
	return c.all
}

// TestVictoriaLogsOTLP is the same for OTLP, which has types and names of its own.
func TestVictoriaLogsOTLP(t *testing.T) {
	s := victoriaLogs(t)
	for _, gzip := range []bool{false, true} {
		name := fmt.Sprintf("otlp %v", gzip)
		all := records(name)
		all[0].fields = append(all[0].fields, zap.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"), zap.String("span_id", "00f067aa0ba902b7"))
		stats, _ := queued(t, httpcore.Config{URL: "http://" + s.addr + "/insert/opentelemetry/v1/logs", Gzip: gzip,
			Envelope: httpcore.OTLP(httpcore.OTLPConfig{Resource: []zapcore.Field{zap.String("service.name", "shop")}})}, all)
		require.Equal(t, httpcore.Stats{Accepted: total, Delivered: total}, stats)
		found := rows(t, s, "run", name, "n", total)
		for n, r := range all {
			require.Len(t, found[strconv.Itoa(n)], 1, "record %d", n)
			got := found[strconv.Itoa(n)][0]
			at, err := time.Parse(time.RFC3339Nano, got["_time"])
			require.NoError(t, err)
			require.Equal(t, r.ent.Time.UnixNano(), at.UnixNano())
			require.Equal(t, r.ent.Message, got["_msg"])
			require.Equal(t, "shop", got["service.name"])
			require.Equal(t, r.ent.Level.String(), got["severity_text"])
			require.Equal(t, strconv.Itoa(9+4*int(r.ent.Level)), got["severity_number"])
			for _, f := range r.fields {
				switch {
				case f.Type == zapcore.StringType && f.String != "" && f.Key != "trace_id" && f.Key != "span_id":
					requireValue(t, got, f.String)
				case f.Type == zapcore.Int64Type && f.Key != "k":
					requireValue(t, got, strconv.FormatInt(f.Integer, 10))
				}
			}
		}
		first := found["0"][0]
		require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", first["trace_id"], "%v", first)
		require.Equal(t, "00f067aa0ba902b7", first["span_id"])
		require.Equal(t, "18446744073709551615", first["large"])
	}
}
