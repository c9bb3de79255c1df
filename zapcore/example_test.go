package zapcore_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

func messageOnly() zapcore.EncoderConfig {
	return zapcore.EncoderConfig{MessageKey: "msg", LevelKey: "level", EncodeLevel: zapcore.LowercaseLevelEncoder}
}

func ExampleFromWriter() {
	core := base.FromWriter(base.NewJSON(messageOnly()), os.Stdout, zapcore.InfoLevel)
	defer core.Close()

	logger := zap.New(core)
	logger.Debug("not shown")
	logger.Info("shown", zap.Int("n", 1))
	fmt.Println(core.Stats())
	// Output:
	// {"level":"info","msg":"shown","n":1}
	// {"accepted":1,"delivered":1,"dropped":0,"skipped":0,"pending":0,"refused":0}
}

// NewJSON's encoder serves wherever zap takes one.
func ExampleNewJSON() {
	core := zapcore.NewCore(base.NewJSON(messageOnly()), os.Stdout, zapcore.DebugLevel)
	zap.New(core).Info("request", zap.Duration("took", 3), zap.Strings("tags", []string{"a", "b"}))
	// Output: {"level":"info","msg":"request","took":3,"tags":["a","b"]}
}

// shout is a Formatter: it makes the bytes of one record.
type shout struct{}

func (shout) Append(dst []byte, r *base.Record) ([]byte, error) {
	return fmt.Appendf(dst, "%s!", r.Entry().Message), nil
}

// printer is an Emitter: it carries them.
type printer struct{}

func (printer) Emit(_ zapcore.Entry, frame []byte) error {
	fmt.Println(string(frame))
	return nil
}
func (printer) Sync() error  { return nil }
func (printer) Close() error { return nil }

// A handler of your own is a Formatter and an Emitter.
func ExampleNewHandler() {
	core, err := base.NewHandler(base.HandlerConfig{Name: "shoutcore", Formatter: shout{}, Emitter: printer{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	zap.New(core).Info("hello")
	// Output: hello!
}

func ExampleRecord() {
	var r base.Record
	name := []byte("before")
	err := r.Capture(zapcore.Entry{Message: "kept"}, base.Context{}, []zapcore.Field{zap.ByteString("name", name)})
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(name, "after!")

	var received base.Record
	if err := received.Parse(r.Bytes()); err != nil {
		fmt.Println(err)
		return
	}
	line, _ := received.Encode(zapcore.NewJSONEncoder(messageOnly()))
	fmt.Print(line)
	// Output: {"level":"info","msg":"kept","name":"before"}
}

// A Reporter tells a failure once, and once more when it is over.
func ExampleNewReporter() {
	report := base.NewReporter("shoutcore", func(err error) { fmt.Println(err) })
	for range 1000 {
		report.Failed(errors.New("shoutcore: nobody listens"), 1)
	}
	report.Recovered()
	// Output:
	// shoutcore: nobody listens
	// shoutcore: working again, 1000 records were lost
}

func ExampleReportTo() {
	logger := zap.New(base.FromWriter(zapcore.NewJSONEncoder(messageOnly()), refusing{}, nil),
		zap.WithClock(&stub{now: time.Unix(0, 0).UTC()}), zap.ErrorOutput(base.ReportTo(os.Stdout)))
	for range 1000 {
		logger.Info("lost")
	}
	// Output: 1970-01-01 00:00:00 +0000 UTC write error: disk full
}

func ExampleBackoff() {
	var b base.Backoff
	now := time.Unix(0, 0)
	for range 6 {
		fmt.Print(b.Failed(now), " ")
	}
	// Output: 1s 2s 4s 8s 16s 30s
}

func ExampleRejectedError() {
	err := error(&base.RejectedError{Indexes: []int{3, 7}, Err: errors.New("413 Request Entity Too Large")})
	var rejected *base.RejectedError
	if errors.As(err, &rejected) {
		fmt.Println(rejected.Indexes, err)
	}
	// Output: [3 7] 2 records rejected: 413 Request Entity Too Large
}
