package sysloghandler

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// hostile are texts that have broken loggers before, each as message, value and in a key.
var hostile = []struct{ name, text string }{
	{"plain", "order taken"},
	{"newline and a forged header", "x\n<34>1 2026-11-22T10:11:12Z evil sshd 1 - - accepted password for root"},
	{"the end of structured data", `"] <34>1 - - - - - - forged`},
	{"quotes and backslashes", `"quoted" \back\slash\\ [brackets]`},
	{"NUL", "before\x00after"},
	{"a BOM inside", "a\uFEFFb"},
	{"not UTF-8", "\xff\xfeA\xed\xa0\x80"},
	{"runes of all lengths", "aé€🇨🇭"},
	{"control bytes", "a\x1b[31mred\x07\tb\x7f"},
	{"CR LF", "a\r\nb"},
	{"an octet count", "17 <34>1 - - - - - -"},
	{"100 KB", strings.Repeat("0123456789€", 8000)},
}

func TestDaemonsUnderstandEveryRecord(t *testing.T) {
	for _, kind := range daemons {
		t.Run(kind.name, func(t *testing.T) {
			d := kind.start(t)
			want := make(map[string]*message) // by MSGID
			for name, cfg := range d.ways() {
				logHostile(t, cfg, strings.ReplaceAll(name, " ", "-"), want)
			}
			records := d.await(len(want))
			require.Len(t, records, len(want), "one record in is one record out")
			for _, got := range records {
				w := want[got.MsgID]
				require.NotNil(t, w, "a record nobody logged: %+v", got)
				delete(want, got.MsgID)
				t.Run(got.MsgID, func(t *testing.T) { requireSame(t, w, got) })
			}
		})
	}
}

// logHostile logs every hostile text over one way, and notes in want what the daemon should have understood.
func logHostile(t *testing.T, cfg Config, way string, want map[string]*message) {
	cfg.Hostname, cfg.AppName, cfg.ProcID, cfg.Facility = "web7", "my app", "4711", "local3"
	cfg.SequenceID, cfg.TimeQuality, cfg.OnError = true, &TimeQuality{Synced: true}, never(t)
	cfg.Timeout = soon
	core := newCore(t, cfg)
	for i, h := range hostile {
		ent := entry(h.text)
		ent.LoggerName = fmt.Sprintf("%s.%d", way, i)
		fields := []zapcore.Field{zap.String("value", h.text), zap.Int("i", i), zap.Bool("k "+h.name+h.text, true)}
		if h.text == "" {
			fields = nil
		}
		require.NoError(t, core.Write(ent, fields), "%s", h.name)
		m := parsed(t, cfg, ent, fields...)
		m.elements[0].params[0].value = strconv.Itoa(i + 1)
		if len(h.text) < 200 {
			marked := cfg.Framing == Newline
			require.Equal(t, asLogged(h.text, marked), m.text)
			require.Equal(t, asLogged(h.text, marked), m.param("fields@32473", "value")[0])
		}
		want[ent.LoggerName] = m
	}
	ent := entry("")
	ent.LoggerName = way + ".empty"
	require.NoError(t, core.Write(ent, nil))
	want[ent.LoggerName] = parsed(t, cfg, ent)
	want[ent.LoggerName].elements[0].params[0].value = strconv.Itoa(len(hostile) + 1)
}

// TestDaemonsReadWhatIsSentToTheLocalSocket, where they are set up as a distribution does it for the C library's syslog(3).
func TestDaemonsReadWhatIsSentToTheLocalSocket(t *testing.T) {
	for _, kind := range daemons {
		t.Run(kind.name, func(t *testing.T) {
			d := kind.start(t)
			log := logger(t, Config{Network: "local", AppName: "shop", ProcID: "4711", Facility: "local3", OnError: never(t), Timeout: soon,
				sockets: []string{d.conf.DevLog}})
			for _, h := range hostile[:len(hostile)-1] {
				log.Warn(h.text, zap.String("value", h.text))
			}
			records := d.await(len(hostile) - 1)
			require.Len(t, records, len(hostile)-1)
			for i, got := range records {
				want := asLogged(hostile[i].text, false)
				assert.Equal(t, []string{"156", "shop", "4711"}, []string{got.PRI, got.App, got.ProcID})
				message, field, found := strings.Cut(strings.TrimPrefix(got.Msg, " "), ` value="`)
				require.True(t, found, got.Msg)
				assert.Equal(t, want, message)
				value, _, err := parseValue(field)
				require.NoError(t, err)
				assert.Equal(t, want, value)
			}
		})
	}
}

// asLogged is what has to arrive of a text.
func asLogged(s string, marked bool) string {
	s = repaired(s)
	if marked {
		s = strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(s)
	}
	return s
}

func requireSame(t *testing.T, want *message, got stored) {
	assert.Equal(t, strconv.Itoa(want.pri), got.PRI)
	assert.Equal(t, want.host, got.Host)
	assert.Equal(t, want.app, got.App)
	assert.Equal(t, want.procID, got.ProcID)
	assert.Equal(t, want.text, strings.TrimPrefix(got.Msg, " "))
	stamp, err := time.Parse(time.RFC3339Nano, got.Time)
	require.NoError(t, err)
	assert.True(t, stamp.Equal(at.Truncate(time.Microsecond)), "%s is not %s", got.Time, at)
	m := got.params(t)
	for _, e := range want.elements {
		for _, p := range e.params {
			assert.Equal(t, []string{p.value}, m.param(e.id, p.name), "%s %s", e.id, p.name)
		}
	}
}

// TestNothingIsLostOnTheWay logs from several goroutines at once.
func TestNothingIsLostOnTheWay(t *testing.T) {
	const goroutines = 4
	each := 25_000
	if raceEnabled { // which takes five times as long for each, and finds as much in fewer
		each /= 5
	}
	for _, kind := range daemons {
		for _, way := range []string{"TCP octet counting", "TLS"} {
			t.Run(kind.name+" "+way, func(t *testing.T) {
				d := kind.start(t)
				cfg := d.ways()[way]
				cfg.SequenceID, cfg.OnError, cfg.Timeout = true, never(t), soon
				log := logger(t, cfg)
				var wait sync.WaitGroup
				for range goroutines {
					wait.Go(func() {
						for i := range each {
							log.Info("order taken", zap.Int("i", i), zap.String("path", "/orders"))
						}
					})
				}
				wait.Wait()
				require.NoError(t, log.Core().(*Core).Close())
				seen := numbers(t, d.await(goroutines*each))
				require.Len(t, seen, goroutines*each)
				for n := 1; n <= goroutines*each; n++ {
					require.Equal(t, 1, seen[n], "record %d", n)
				}
			})
		}
	}
}

// numbers counts how often each number was stored.
func numbers(t testing.TB, records []stored) map[int]int {
	seen := make(map[int]int, len(records))
	const start = `sequenceId="`
	for _, r := range records {
		_, rest, ok := strings.Cut(r.SD, start)
		require.True(t, ok, r.SD)
		digits, _, _ := strings.Cut(rest, `"`)
		n, err := strconv.Atoi(digits)
		require.NoError(t, err)
		seen[n]++
	}
	return seen
}
