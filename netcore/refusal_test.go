package netcore

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	base "example.com/zaphandlers/zapcore"
)

// A client to which nothing is confirmed learns by the end of its connection that a Server does not take what it sends.
func TestServerThatCannotReadAStreamResetsIt(t *testing.T) {
	other := []byte("another key, of sixteen bytes")
	for name, test := range map[string]struct {
		cfg    Config
		server ServerConfig
	}{
		"without Ack, which the server has": {Config{Formatter: Records()}, ServerConfig{Ack: true}},
		"without the server's Key":          {Config{Formatter: Records()}, ServerConfig{Key: testKey}},
		"with another Key":                  {Config{Formatter: Records(), Key: other}, ServerConfig{Key: testKey}},
		"with another framing":              {Config{}, ServerConfig{}},
	} {
		t.Run(name, func(t *testing.T) {
			var log errorLog
			test.server.Format, test.server.Target, test.server.OnError = FormatRecords, &countingCore{}, ignore
			s := serve(t, test.server)
			test.cfg.Address, test.cfg.OnError, test.cfg.RetryStart = s.Addr().String(), log.add, time.Minute
			core := newCore(t, test.cfg)
			var err error
			for n := uint64(1); err == nil && n < 10; n++ {
				if err = core.Write(entry("x"), nil); err == nil {
					require.Eventually(t, func() bool { return s.Stats().Refused == n && s.Stats().Connections == 0 }, soon, tick)
				}
			}
			require.True(t, errors.As(err, new(*base.RetryError)), "it is left alone, and a queue keeps its records: %v", err)
			_ = core.Close()
			stats := core.Stats()
			assert.Zero(t, stats.Delivered, stats)
			assert.NotZero(t, stats.Dropped, stats)
			assert.Zero(t, stats.Missing())
			assert.True(t, log.contains("reset"), "%v", log.all())
		})
	}
}

// Where only one end has Ack or a Key, the errors say which.
func TestEndsThatDoNotFitAreTold(t *testing.T) {
	for name, test := range map[string]struct {
		cfg          Config
		server       ServerConfig
		client, told string
	}{
		"Ack to lines":   {Config{}, ServerConfig{Format: FormatLines, Framing: LengthPrefix}, "", "the client has Ack, and ServerConfig.Ack is not set"},
		"Ack to records": {Config{Formatter: Records()}, ServerConfig{Format: FormatRecords}, "", "the client has Ack, and ServerConfig.Ack is not set"},
		"Ack to pickles": {Config{Formatter: Pickle()}, ServerConfig{Format: FormatPickle}, "", "the client has Ack, and ServerConfig.Ack is not set"},
		"Ack to a Key": {Config{Formatter: Records()}, ServerConfig{Format: FormatRecords, Key: testKey},
			"the server asks for signatures, and Config.Key is not set", "a frame is not signed with the key"},
		"Ack to a Key and Ack": {Config{Formatter: Records()}, ServerConfig{Format: FormatRecords, Key: testKey, Ack: true},
			"the server asks for signatures, and Config.Key is not set", "a frame is not signed with the key"},
		"Ack and Key to a Key": {Config{Formatter: Records(), Key: testKey}, ServerConfig{Format: FormatRecords, Key: testKey},
			"", "the client has Ack, and ServerConfig.Ack is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			var log errorLog
			target := &countingCore{}
			test.server.Target, test.server.OnError = target, log.add
			s := serve(t, test.server)
			test.cfg.Address, test.cfg.Ack, test.cfg.OnError, test.cfg.Timeout = s.Addr().String(), true, ignore, soon
			err := newCore(t, test.cfg).Write(entry("x"), nil)
			require.ErrorContains(t, err, test.client)
			require.False(t, isTimeout(err), "it is not waited for")
			require.Eventually(t, func() bool { return log.contains(test.told) }, soon, tick, "%v", log.all())
			require.Zero(t, target.count(), "the greeting is no record")
		})
	}
}

// A client with TLS is no sender of lines.
func TestServerOfLinesThatIsSpokenToInTLS(t *testing.T) {
	for _, framing := range []Framing{Newline, NUL, OctetCounting} {
		t.Run(framing.String(), func(t *testing.T) {
			var log errorLog
			target := &countingCore{}
			s := serve(t, ServerConfig{Format: FormatLines, Framing: framing, Target: target, OnError: log.add})
			core := newCore(t, Config{Address: s.Addr().String(), TLS: clientTLS(t), Timeout: soon, OnError: ignore})
			err := core.Write(entry("x"), nil)
			require.Error(t, err)
			require.False(t, isTimeout(err), "it is not waited for")
			require.Eventually(t, func() bool { return log.contains("begins as TLS does, and ServerConfig.TLS is not set") }, soon, tick, "%v", log.all())
			require.Zero(t, target.count())
		})
	}
}
