package sysloghandler

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

func TestParsePriority(t *testing.T) {
	for name, want := range map[string]Priority{
		"emerg": 0, "panic": 0, "alert": 1, "crit": 2, "critical": 2, "err": 3, "error": 3, "warning": 4, "warn": 4,
		"notice": 5, "info": 6, "debug": 7,
	} {
		got, err := ParsePriority(name)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{"", "INFO", "fatal"} {
		_, err := ParsePriority(name)
		assert.EqualError(t, err, fmt.Sprintf("sysloghandler: priority %q is unknown", name))
	}
}

func TestParseFacility(t *testing.T) {
	for i, name := range []string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "security",
		"console", "solaris-cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	} {
		got, err := ParseFacility(name)
		require.NoError(t, err)
		assert.Equal(t, Facility(i), got, name)
	}
	for _, name := range []string{"", "User", "local8"} {
		_, err := ParseFacility(name)
		assert.EqualError(t, err, fmt.Sprintf("sysloghandler: facility %q is unknown", name))
	}
}

func TestEncodePriority(t *testing.T) {
	assert.Equal(t, 0, EncodePriority(Kern, Emerg))
	assert.Equal(t, 14, EncodePriority(User, Info))
	assert.Equal(t, 191, EncodePriority(Local7, Debug))
}

func TestLevels(t *testing.T) {
	for l, want := range map[zapcore.Level]string{
		-2: "<12>", zapcore.DebugLevel: "<15>", zapcore.InfoLevel: "<14>", zapcore.WarnLevel: "<12>", zapcore.ErrorLevel: "<11>",
		zapcore.DPanicLevel: "<10>", zapcore.PanicLevel: "<10>", zapcore.FatalLevel: "<10>", 6: "<12>",
	} {
		ent := entry("m")
		ent.Level = l
		assert.Equal(t, want+"m", format(t, Config{Format: Python, OmitNUL: true}, ent), "%v", l)
	}
	notice := Config{Format: Python, OmitNUL: true, MapPriority: func(zapcore.Level) Priority { return Notice }}
	assert.Equal(t, "<13>m", format(t, notice, entry("m")), "MapPriority decides")
	beyond := Config{Format: Python, OmitNUL: true, MapPriority: func(zapcore.Level) Priority { return 8 }}
	assert.Equal(t, "<12>m", format(t, beyond, entry("m")), "what is no priority is a warning, not another facility")
}

func TestLevelsOfTheProgramsOwn(t *testing.T) {
	for l, want := range map[zapcore.Level]string{
		-128: "<15>", -3: "<15>", -2: "<15>", zapcore.DebugLevel: "<15>", zapcore.InfoLevel: "<14>", zapcore.WarnLevel: "<12>",
		zapcore.ErrorLevel: "<11>", zapcore.DPanicLevel: "<10>", zapcore.FatalLevel: "<10>", 6: "<10>", 9: "<10>", 127: "<10>",
	} {
		ent := entry("m")
		ent.Level = l
		for _, f := range []Format{RFC5424, RFC3164} {
			assert.Equal(t, want, format(t, Config{Format: f}, ent)[:4], "%v in %v", l, f)
		}
	}
}

func TestFacilityTakesNamesAndConstants(t *testing.T) {
	for _, test := range []struct {
		facility any
		want     string
	}{{nil, "<14>"}, {"", "<14>"}, {"local3", "<158>"}, {Local3, "<158>"}, {Kern, "<6>"}, {Facility(23), "<190>"}} {
		assert.Equal(t, test.want+"m", format(t, Config{Format: Python, OmitNUL: true, Facility: test.facility}, entry("m")), "%v", test.facility)
	}
	for _, facility := range []any{Facility(24), 19, "LOCAL3", "19", User + 100} {
		_, err := New(Config{Facility: facility})
		require.ErrorContains(t, err, "sysloghandler: Config.Facility ", "%v", facility)
	}
}
