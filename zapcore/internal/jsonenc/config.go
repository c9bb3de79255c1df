package jsonenc

import (
	"reflect"

	"go.uber.org/zap/zapcore"
)

// Config is an EncoderConfig made ready: its names are escaped, and those of zap's own functions that it has are known, so that what they
// write is written without a call of them.
type Config struct {
	zapcore.EncoderConfig

	// Each is what stands before a value: a comma, the name, a colon. "" if the name is.
	levelKey, timeKey, nameKey, callerKey, functionKey, messageKey, stackKey string

	starts  [zapcore.FatalLevel - zapcore.DebugLevel + 1]string // of a record that has a time, up to it; "" if EncodeLevel is not zap's
	newline bool                                                // ends a record
	epoch   bool                                                // EncodeTime is zap's of seconds since 1970
	seconds bool                                                // EncodeDuration is zap's of seconds
	caller  callerForm
}

// NewConfig returns cfg made ready.
func NewConfig(cfg zapcore.EncoderConfig) *Config {
	c := &Config{
		EncoderConfig: cfg,
		levelKey:      before(cfg.LevelKey), timeKey: before(cfg.TimeKey), nameKey: before(cfg.NameKey), callerKey: before(cfg.CallerKey),
		functionKey: before(cfg.FunctionKey), messageKey: before(cfg.MessageKey), stackKey: before(cfg.StacktraceKey),
		newline: cfg.LineEnding == "\n",
		epoch:   same(cfg.EncodeTime, zapcore.EpochTimeEncoder),
		seconds: same(cfg.EncodeDuration, zapcore.SecondsDurationEncoder),
	}
	switch {
	case same(cfg.EncodeCaller, zapcore.ShortCallerEncoder):
		c.caller = shortCaller
	case same(cfg.EncodeCaller, zapcore.FullCallerEncoder):
		c.caller = fullCaller
	}
	for _, known := range []zapcore.LevelEncoder{
		zapcore.LowercaseLevelEncoder, zapcore.CapitalLevelEncoder, zapcore.LowercaseColorLevelEncoder, zapcore.CapitalColorLevelEncoder,
	} {
		if !same(cfg.EncodeLevel, known) {
			continue
		}
		for i := range c.starts {
			w := Writer{cfg: c, b: []byte{'{'}}
			w.level(zapcore.DebugLevel + zapcore.Level(i))
			c.starts[i] = string(appendReady(w.b, c.timeKey))
		}
	}
	return c
}

// callerForm is how a caller is written.
type callerForm byte

const (
	anyCaller   callerForm = iota // by a function of the program's
	fullCaller                    // file:line
	shortCaller                   // the same, less all folders but the last
)

// before is what stands before the value of a member.
func before(key string) string {
	if key == "" {
		return ""
	}
	return string(append(appendString([]byte{','}, key), ':'))
}

// same tells whether f is known, a function that is no closure: those have one address each.
func same[F zapcore.LevelEncoder | zapcore.TimeEncoder | zapcore.DurationEncoder | zapcore.CallerEncoder](f, known F) bool {
	return reflect.ValueOf(f).Pointer() == reflect.ValueOf(known).Pointer()
}

// appendReady appends what stands before a value, less the comma if it is the first of its object.
func appendReady(b []byte, before string) []byte {
	if before != "" && b[len(b)-1] == '{' {
		before = before[1:]
	}
	return append(b, before...)
}
