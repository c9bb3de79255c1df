package call

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	plog "github.com/phuslu/log"
	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Shape is what a program logs in one call, by zap and by others: the same message and the same fields.
type Shape struct {
	Name    string
	Context func() []zapcore.Field // of the logger; nil: none
	Fields  func() []zapcore.Field // of the call

	Zap     func(log *zap.Logger) func() // of a logger that has the Context
	Zerolog func(w io.Writer) func()
	Phuslu  func(w io.Writer) func() // nil: it cannot
	Slog    func(h slog.Handler) func()
}

// The shapes: see the package's text.
var (
	Plain   = Shape{"plain", nil, plainFields, plainZap, plainZerolog, plainPhuslu, plainSlog}
	Typical = Shape{"typical", nil, typicalFields, typicalZap, typicalZerolog, typicalPhuslu, typicalSlog}
	With    = Shape{"With(10) and 2", plainFields, withFields, withZap, withZerolog, withPhuslu, withSlog}
	Child   = Shape{"a child of With(10) and 2", nil, childFields, childZap, childZerolog, nil, childSlog}
)

// Entry is what zap knows of a call beside its fields.
func Entry() zapcore.Entry { return zapcore.Entry{Message: message, Time: time.Now()} }

const message = "request served"

// state is a Stringer as the tool of that name makes them.
type state uint8

func (s state) String() string { return [...]string{"accepted", "retrying", "given up"}[s] }

const retrying state = 1

var (
	errReset = errors.New("read tcp 10.0.0.7:5432: connection reset by peer")
	deadline = time.Now().Add(time.Minute)
	scopes   = []string{"orders:read", "orders:write", "stock:read"}
)

func plainFields() []zapcore.Field {
	return []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
		zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d-4c55"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	}
}

func plainZap(log *zap.Logger) func() {
	return func() {
		log.Info(message, zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"),
			zap.Int("status", 200), zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567),
			zap.String("remote", "192.0.2.17:51234"), zap.String("request_id", "6f1c2a4e-9b1d-4c55"),
			zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true), zap.Float64("load", 0.75))
	}
}

func plainZerolog(w io.Writer) func() {
	l := zerolog.New(w).With().Timestamp().Logger()
	return func() {
		l.Info().Str("method", "GET").Str("path", "/api/v1/orders/12345").Int("status", 200).Int64("bytes", 51234).
			Dur("elapsed", 1234567).Str("remote", "192.0.2.17:51234").Str("request_id", "6f1c2a4e-9b1d-4c55").
			Str("agent", "curl/8.5.0").Bool("cached", true).Float64("load", 0.75).Msg(message)
	}
}

func newPhuslu(w io.Writer) *plog.Logger {
	return &plog.Logger{Level: plog.DebugLevel, Writer: plog.IOWriter{Writer: w}}
}

func plainPhuslu(w io.Writer) func() {
	l := newPhuslu(w)
	return func() {
		l.Info().Str("method", "GET").Str("path", "/api/v1/orders/12345").Int("status", 200).Int64("bytes", 51234).
			Dur("elapsed", 1234567).Str("remote", "192.0.2.17:51234").Str("request_id", "6f1c2a4e-9b1d-4c55").
			Str("agent", "curl/8.5.0").Bool("cached", true).Float64("load", 0.75).Msg(message)
	}
}

func plainSlog(h slog.Handler) func() {
	l := slog.New(h)
	return func() {
		l.LogAttrs(context.Background(), slog.LevelInfo, message, slog.String("method", "GET"),
			slog.String("path", "/api/v1/orders/12345"), slog.Int("status", 200), slog.Int64("bytes", 51234),
			slog.Duration("elapsed", 1234567), slog.String("remote", "192.0.2.17:51234"),
			slog.String("request_id", "6f1c2a4e-9b1d-4c55"), slog.String("agent", "curl/8.5.0"),
			slog.Bool("cached", true), slog.Float64("load", 0.75))
	}
}

func typicalFields() []zapcore.Field {
	return []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 502),
		zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d-4c55"), zap.Error(errReset), zap.Time("deadline", deadline),
		zap.Stringer("state", retrying), zap.Strings("scopes", scopes),
	}
}

func typicalZap(log *zap.Logger) func() {
	return func() {
		log.Info(message, zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 502),
			zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
			zap.String("request_id", "6f1c2a4e-9b1d-4c55"), zap.Error(errReset), zap.Time("deadline", deadline),
			zap.Stringer("state", retrying), zap.Strings("scopes", scopes))
	}
}

func typicalZerolog(w io.Writer) func() {
	l := zerolog.New(w).With().Timestamp().Logger()
	return func() {
		l.Info().Str("method", "GET").Str("path", "/api/v1/orders/12345").Int("status", 502).Dur("elapsed", 1234567).
			Str("remote", "192.0.2.17:51234").Str("request_id", "6f1c2a4e-9b1d-4c55").Err(errReset).
			Time("deadline", deadline).Stringer("state", retrying).Strs("scopes", scopes).Msg(message)
	}
}

func typicalPhuslu(w io.Writer) func() {
	l := newPhuslu(w)
	return func() {
		l.Info().Str("method", "GET").Str("path", "/api/v1/orders/12345").Int("status", 502).Dur("elapsed", 1234567).
			Str("remote", "192.0.2.17:51234").Str("request_id", "6f1c2a4e-9b1d-4c55").Err(errReset).
			Time("deadline", deadline).Stringer("state", retrying).Strs("scopes", scopes).Msg(message)
	}
}

func typicalSlog(h slog.Handler) func() {
	l := slog.New(h)
	return func() {
		l.LogAttrs(context.Background(), slog.LevelInfo, message, slog.String("method", "GET"),
			slog.String("path", "/api/v1/orders/12345"), slog.Int("status", 502), slog.Duration("elapsed", 1234567),
			slog.String("remote", "192.0.2.17:51234"), slog.String("request_id", "6f1c2a4e-9b1d-4c55"),
			slog.Any("error", errReset), slog.Time("deadline", deadline), slog.Any("state", retrying), slog.Any("scopes", scopes))
	}
}
