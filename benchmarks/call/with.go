package call

import (
	"context"
	"io"
	"log/slog"

	plog "github.com/phuslu/log"
	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func withFields() []zapcore.Field {
	return []zapcore.Field{zap.String("step", "charge the card"), zap.Int("attempt", 3)}
}

func withZap(log *zap.Logger) func() {
	return func() { log.Info(message, zap.String("step", "charge the card"), zap.Int("attempt", 3)) }
}

func withZerolog(w io.Writer) func() {
	l := zerolog.New(w).With().Str("method", "GET").Str("path", "/api/v1/orders/12345").Int("status", 200).Int64("bytes", 51234).
		Dur("elapsed", 1234567).Str("remote", "192.0.2.17:51234").Str("request_id", "6f1c2a4e-9b1d-4c55").
		Str("agent", "curl/8.5.0").Bool("cached", true).Float64("load", 0.75).Timestamp().Logger()
	return func() { l.Info().Str("step", "charge the card").Int("attempt", 3).Msg(message) }
}

func withPhuslu(w io.Writer) func() {
	l := newPhuslu(w)
	l.Context = plog.NewContext(nil).Str("method", "GET").Str("path", "/api/v1/orders/12345").Int("status", 200).Int64("bytes", 51234).
		Dur("elapsed", 1234567).Str("remote", "192.0.2.17:51234").Str("request_id", "6f1c2a4e-9b1d-4c55").
		Str("agent", "curl/8.5.0").Bool("cached", true).Float64("load", 0.75).Value()
	return func() { l.Info().Str("step", "charge the card").Int("attempt", 3).Msg(message) }
}

func withSlog(h slog.Handler) func() {
	l := slog.New(h.WithAttrs([]slog.Attr{slog.String("method", "GET"),
		slog.String("path", "/api/v1/orders/12345"), slog.Int("status", 200), slog.Int64("bytes", 51234),
		slog.Duration("elapsed", 1234567), slog.String("remote", "192.0.2.17:51234"),
		slog.String("request_id", "6f1c2a4e-9b1d-4c55"), slog.String("agent", "curl/8.5.0"),
		slog.Bool("cached", true), slog.Float64("load", 0.75)}))
	return func() {
		l.LogAttrs(context.Background(), slog.LevelInfo, message, slog.String("step", "charge the card"), slog.Int("attempt", 3))
	}
}

func childFields() []zapcore.Field { return append(plainFields(), withFields()...) }

func childZap(log *zap.Logger) func() {
	return func() {
		child := log.With(zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"),
			zap.Int("status", 200), zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567),
			zap.String("remote", "192.0.2.17:51234"), zap.String("request_id", "6f1c2a4e-9b1d-4c55"),
			zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true), zap.Float64("load", 0.75))
		child.Info(message, zap.String("step", "charge the card"), zap.Int("attempt", 3))
	}
}

func childZerolog(w io.Writer) func() {
	l := zerolog.New(w).With().Timestamp().Logger()
	return func() {
		child := l.With().Str("method", "GET").Str("path", "/api/v1/orders/12345").Int("status", 200).Int64("bytes", 51234).
			Dur("elapsed", 1234567).Str("remote", "192.0.2.17:51234").Str("request_id", "6f1c2a4e-9b1d-4c55").
			Str("agent", "curl/8.5.0").Bool("cached", true).Float64("load", 0.75).Logger()
		child.Info().Str("step", "charge the card").Int("attempt", 3).Msg(message)
	}
}

func childSlog(h slog.Handler) func() {
	return func() { withSlog(h)() }
}
