package backends

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/mailcore"
	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/sysloghandler"
)

// soaked is one target of the soak, with its backend behind a gate.
type soaked struct {
	name    string
	server  *server
	gate    *gate
	forgets time.Duration // for so long the backend has in memory only what it has said it has
	core    zapcore.Core
	counts  func() httpcore.Stats // of core
	close   func() error
	find    func(want int) map[int]int // how often the backend has each record, by its number
	told    told
}

const (
	soakTimeout  = 500 * time.Millisecond
	soakStart    = 10 * time.Millisecond
	soakRetryMax = 250 * time.Millisecond
)

// soakBackends are the backends: what each needs, and what starts it and returns a target for each of its wires.
var soakBackends = []struct {
	name  string
	needs func(testing.TB)
	start func(*testing.T) []*soaked
}{
	{"VictoriaLogs", func(t testing.TB) { program(t, "ZAPHANDLERS_VICTORIALOGS") }, soakVictoriaLogs},
	{"ZincSearch", func(t testing.TB) { program(t, "ZAPHANDLERS_ZINCSEARCH") }, soakZincSearch},
	{"ClickHouse", func(t testing.TB) { peers.Program(t, "clickhouse-server") }, soakClickHouse},
	{"collector", func(t testing.TB) { program(t, "ZAPHANDLERS_OTELCOL") }, soakCollector},
	{"netcore", func(testing.TB) {}, soakReceiver},
	{"rsyslog", func(t testing.TB) { peers.Program(t, "rsyslogd") }, soakRsyslog},
	{"mail", func(t testing.TB) { peers.Python(t, "ZAPHANDLERS_AIOSMTPD_PYTHON", "import aiosmtpd") }, soakMail},
}

// soakTargets starts the backends that can be had.
func soakTargets(t *testing.T) (all []*soaked) {
	for _, b := range soakBackends {
		have := false
		t.Run("with "+b.name, func(t *testing.T) {
			b.needs(t)
			have = true
		})
		if have {
			all = append(all, b.start(t)...)
		}
	}
	return all
}

// addHTTP puts a gate before a backend and returns a target there.
func addHTTP(t *testing.T, s *server, name string, cfg httpcore.Config) *soaked {
	target := &soaked{name: name, server: s, gate: newGate(t, s.addr)}
	cfg.URL = "http://" + target.gate.Addr().String() + cfg.URL
	cfg.Timeout, cfg.RetryStart, cfg.RetryMax, cfg.OnError = soakTimeout, soakStart, soakRetryMax, target.told.add
	core, err := httpcore.New(cfg)
	require.NoError(t, err)
	target.core, target.counts, target.close = core, core.Stats, core.Close
	return target
}

func soakVictoriaLogs(t *testing.T) (all []*soaked) {
	s := victoriaLogs(t)
	for _, wire := range append(vlWires, vlWire{name: "OTLP", path: "/insert/opentelemetry/v1/logs?x=", envelope: httpcore.OTLP(httpcore.OTLPConfig{})}) {
		target := addHTTP(t, s, "VictoriaLogs, "+wire.name, httpcore.Config{
			URL: wire.path + "&extra_fields=" + url.QueryEscape("wire="+wire.name), Envelope: wire.envelope})
		target.forgets = 3 * time.Second
		target.find = func(want int) map[int]int {
			var found map[int]int
			ask := "/select/logsql/query?" + url.Values{"query": {fmt.Sprintf("wire:=%q | fields %q", wire.name, wire.prefix+"n")}, "limit": {"100000000"}}.Encode()
			require.Eventually(t, func() bool {
				_, answer := s.ask("GET", ask, "", "")
				found = numbers(answer, `"[a-z.]*n":"(\d+)"`)
				return len(found) >= want
			}, 20*time.Second, 300*time.Millisecond, "%s: %d of %d", wire.name, len(found), want)
			return found
		}
		all = append(all, target)
	}
	return all
}

// numbers counts what the first group of a pattern finds.
func numbers(text []byte, pattern string) map[int]int {
	found := map[int]int{}
	for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(text, -1) {
		n, _ := strconv.Atoi(string(m[1]))
		found[n]++
	}
	return found
}

// fileOf makes find look into a file.
func fileOf(t *testing.T, path, pattern string) func(int) map[int]int {
	return func(want int) (found map[int]int) {
		require.Eventually(t, func() bool {
			text, _ := os.ReadFile(path)
			found = numbers(text, pattern)
			return len(found) >= want
		}, 20*time.Second, 300*time.Millisecond, "%d of %d", len(found), want)
		return found
	}
}

func soakZincSearch(t *testing.T) []*soaked {
	t.Setenv("ZINC_MAX_RESULTS", "100000000")
	s := zincSearch(t)
	target := addHTTP(t, s, "ZincSearch", httpcore.Config{URL: "/es/soak/_bulk", Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "soak"})})
	target.forgets = 3 * time.Second
	target.find = func(want int) map[int]int {
		found := map[int]int{}
		require.Eventually(t, func() bool {
			clear(found)
			const window = 5000
			for from := 0; from <= want; from += window {
				query := fmt.Sprintf(`{"query":{"range":{"n":{"gte":%d,"lt":%d}}},"size":%d,"_source":["n"]}`, from, from+window, 10*window)
				_, answer := s.ask("POST", "/es/soak/_search", "application/json", query)
				var result struct {
					Hits struct {
						Hits []struct {
							Source struct{ N float64 } `json:"_source"`
						}
					}
				}
				if json.Unmarshal(answer, &result) != nil {
					return false
				}
				for _, hit := range result.Hits.Hits {
					found[int(hit.Source.N)]++
				}
			}
			return len(found) >= want
		}, 30*time.Second, 500*time.Millisecond, "ZincSearch: %d of %d", len(found), want)
		return found
	}
	return []*soaked{target}
}

func soakClickHouse(t *testing.T) []*soaked {
	s := clickHouse(t)
	status, answer := s.ask("POST", "/", "text/plain", "CREATE TABLE soak (n Int64) ENGINE = MergeTree() PARTITION BY tuple() ORDER BY n")
	require.Equal(t, 200, status, "%s", answer)
	target := addHTTP(t, s, "ClickHouse", httpcore.Config{Envelope: httpcore.JSONLines(), RetryOn: []int{404}, // for when it ends
		URL: "/?" + url.Values{"query": {"INSERT INTO soak FORMAT JSONEachRow"}, "input_format_skip_unknown_fields": {"1"}}.Encode()})
	target.find = func(int) map[int]int {
		found := map[int]int{}
		status, answer := s.ask("POST", "/", "text/plain", "SELECT n, count() FROM soak GROUP BY n FORMAT TSV")
		require.Equal(t, 200, status, "%.300s", answer)
		for line := range bytes.Lines(answer) {
			var n, copies int
			_, err := fmt.Sscan(string(line), &n, &copies)
			require.NoError(t, err)
			found[n] = copies
		}
		return found
	}
	return []*soaked{target}
}

func soakCollector(t *testing.T) []*soaked {
	s, out := otelCollector(t, "")
	target := addHTTP(t, s, "collector, OTLP JSON", httpcore.Config{URL: "/v1/logs", Envelope: httpcore.OTLP(httpcore.OTLPConfig{JSON: true})})
	target.find = fileOf(t, out, `"key":"n","value":\{"intValue":"(\d+)"`)
	return []*soaked{target, soakForward(t)}
}

// soakForward is a collector of its own, so that the records of one wire are not taken for those of the other.
func soakForward(t *testing.T) *soaked {
	s, out := otelCollector(t, "")
	target := &soaked{name: "collector, Forward", server: s, gate: newGate(t, s.forward), find: fileOf(t, out, `"key":"n","value":\{"intValue":"(\d+)"`)}
	target.gate.words = "" // its protocol has none: it hangs up
	core, err := netcore.New(netcore.Config{Address: target.gate.Addr().String(), Formatter: netcore.Forward(netcore.ForwardConfig{Tag: "soak"}), Ack: true,
		Timeout: soakTimeout, RetryStart: soakStart, RetryMax: soakRetryMax, OnError: target.told.add})
	require.NoError(t, err)
	target.core, target.counts, target.close = core, core.Stats, core.Close
	return target
}

// soakReceiver is a netcore.Server in a process of its own: this program, which main_test.go makes one.
func soakReceiver(t *testing.T) []*soaked {
	addr, out := "127.0.0.1:"+freePort(t), filepath.Join(t.TempDir(), "out")
	s := run(t, addr, "", func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), receiverAddress+"="+addr, receiverOutput+"="+out)
		return cmd
	})
	target := &soaked{name: "netcore, Ack", server: s, gate: newGate(t, addr), find: fileOf(t, out, `"n":(\d+)`)}
	core, err := netcore.New(netcore.Config{Address: target.gate.Addr().String(), Formatter: netcore.Records(), Ack: true,
		Timeout: soakTimeout, RetryStart: soakStart, RetryMax: soakRetryMax, OnError: target.told.add})
	require.NoError(t, err)
	target.core, target.counts, target.close = core, core.Stats, core.Close
	return []*soaked{target}
}

// With a queue of its own that is none, rsyslog has stored what it acknowledges.
const rsyslogConfig = `global(workDirectory="%[1]s" net.enableDNS="off")
module(load="imrelp")
template(name="line" type="string" string="%%structured-data%%\n")
ruleset(name="out" queue.type="Direct") { action(type="omfile" file="%[2]s" template="line" asyncWriting="off" flushOnTXEnd="on" queue.type="Direct") }
input(type="imrelp" address="127.0.0.1" port="%[3]s" ruleset="out")
`

func soakRsyslog(t *testing.T) []*soaked {
	path, dir, port := peers.Program(t, "rsyslogd"), t.TempDir(), freePort(t)
	out, conf := filepath.Join(dir, "out"), filepath.Join(dir, "conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, rsyslogConfig, dir, out, port), 0o644))
	s := run(t, "127.0.0.1:"+port, "", func() *exec.Cmd {
		_ = os.Remove(filepath.Join(dir, "pid")) // of one that was killed
		return exec.Command(path, "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
	})
	target := &soaked{name: "syslog, RELP", server: s, gate: newGate(t, s.addr), find: fileOf(t, out, ` n="(\d+)"`)}
	core, err := sysloghandler.New(sysloghandler.Config{Network: "relp", Address: target.gate.Addr().String(), Timeout: soakTimeout,
		RetryStart: soakStart, RetryMax: soakRetryMax, OnError: target.told.add})
	require.NoError(t, err)
	target.core, target.counts, target.close = core, core.Stats, core.Close
	return []*soaked{target}
}

func soakMail(t *testing.T) []*soaked {
	python := peers.Python(t, "ZAPHANDLERS_AIOSMTPD_PYTHON", "import aiosmtpd")
	port, out := freePort(t), filepath.Join(t.TempDir(), "out")
	s := run(t, "127.0.0.1:"+port, "", func() *exec.Cmd { return exec.Command(python, "testdata/smtpd.py", port, out) })
	target := &soaked{name: "mail", server: s, gate: newGate(t, s.addr), find: fileOf(t, out, `"n":(\d+)`)}
	target.gate.words, target.gate.greets = busySMTP, true
	core, err := mailcore.New(mailcore.Config{Addr: target.gate.Addr().String(), From: "soak@example.test", To: []string{"ops@example.test"},
		Level: zapcore.DebugLevel, Encoder: zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), TLS: mailcore.TLSNone,
		Timeout: soakTimeout, MaxCopies: -1, OnError: target.told.add})
	require.NoError(t, err)
	target.core, target.counts, target.close = core, core.Stats, core.Close
	return []*soaked{target}
}
