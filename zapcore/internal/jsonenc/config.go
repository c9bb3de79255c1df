package jsonenc

import (
	"reflect"

	"go.uber.org/zap/zapcore"
)

// Config is a prepared EncoderConfig: its names are escaped, and zap's own functions in it are recognized, so that the Writer can do
// their work without calling them.
type Config struct {
	zapcore.EncoderConfig

	// Each key is the text before a value: comma, name, colon. It is "" if the name is.
	levelKey, timeKey, nameKey, callerKey, functionKey, messageKey, stackKey string

	starts  [zapcore.FatalLevel - zapcore.DebugLevel + 1]string // by level, the text before a record's time; "" if EncodeLevel is not zap's
	newline bool                                                // LineEnding is "\n"
	epoch   bool                                                // EncodeTime is zap's EpochTimeEncoder
	seconds bool                                                // EncodeDuration is zap's SecondsDurationEncoder
	caller  callerForm
}

// NewConfig returns the prepared cfg.
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

// callerForm is the format of a caller.
type callerForm byte

const (
	anyCaller   callerForm = iota // written by a function of the program
	fullCaller                    // path:line
	shortCaller                   // path:line, with only the last folder of the path
)

// before returns the text before the value of a member.
func before(key string) string {
	if key == "" {
		return ""
	}
	return string(append(appendString([]byte{','}, key), ':'))
}

// same reports whether f is the function known, by its address. known must not be a closure.
func same[F zapcore.LevelEncoder | zapcore.TimeEncoder | zapcore.DurationEncoder | zapcore.CallerEncoder](f, known F) bool {
	return reflect.ValueOf(f).Pointer() == reflect.ValueOf(known).Pointer()
}

// appendReady appends before, which begins with a comma, but without the comma for the first member of an object.
func appendReady(b []byte, before string) []byte {
	if before != "" && b[len(b)-1] == '{' {
		before = before[1:]
	}
	return append(b, before...)
}
