package queuecore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// stdout is os.Stdout without its Sync, which a pipe or a terminal refuses. The streams of package writesyncers know that.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

// lines is a Core that prints level and message.
func lines() zapcore.Core {
	cfg := zapcore.EncoderConfig{LevelKey: "level", MessageKey: "msg", EncodeLevel: zapcore.LowercaseLevelEncoder}
	return zapcore.NewCore(zapcore.NewJSONEncoder(cfg), zapcore.AddSync(stdout{}), zapcore.DebugLevel)
}

func ExampleNew() {
	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(lines())})
	if err != nil {
		panic(err)
	}
	logger := zap.New(core)
	logger.Info("taken in well under a microsecond")
	logger.Info("delivered by a goroutine of the queue")
	if err := core.Close(); err != nil {
		panic(err)
	}
	fmt.Println(core.Stats())
	// Output:
	// {"level":"info","msg":"taken in well under a microsecond"}
	// {"level":"info","msg":"delivered by a goroutine of the queue"}
	// {"accepted":2,"delivered":2,"dropped":0,"skipped":0,"pending":0,"refused":0}
}

// Two targets, each with its own goroutine, level and retries: the slow one neither delays nor reorders the other.
func ExampleNew_targets() {
	core, err := queuecore.New(queuecore.Config{Targets: []queuecore.TargetConfig{
		{Core: lines()},
		{Core: zapcore.NewNopCore(), Level: zapcore.ErrorLevel, Name: "pager", SkipWhenFull: true},
	}})
	if err != nil {
		panic(err)
	}
	zap.New(core).Info("for the file alone")
	if err := core.Close(); err != nil {
		panic(err)
	}
	fmt.Println("pager skipped", core.Targets()[1].Skipped)
	// Output:
	// {"level":"info","msg":"for the file alone"}
	// pager skipped 1
}

// hangs is a destination that takes for ever.
type hangs struct{}

func (hangs) Write([]byte) (int, error) { select {} }

// A queue whose memory is a file: what it holds survives the process, however that ends. Here the first one cannot deliver in time.
func ExampleNew_spool() {
	dir, err := os.MkdirTemp("", "spool-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	stuck := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(hangs{}), zapcore.DebugLevel)
	core, err := queuecore.New(queuecore.Config{
		Targets: []queuecore.TargetConfig{{Core: stuck, Name: "collector"}}, Spool: dir, DrainTimeout: 10 * time.Millisecond,
	})
	if errors.Is(err, errors.ErrUnsupported) { // Windows
		fmt.Println(`{"level":"info","msg":"accepted"}`)
		return
	}
	zap.New(core).Info("accepted")
	if err := core.Close(); err == nil {
		panic("it was delivered")
	}

	core, err = queuecore.New(queuecore.Config{Targets: []queuecore.TargetConfig{{Core: lines(), Name: "collector"}}, Spool: dir})
	if err != nil {
		panic(err)
	}
	if err := core.Close(); err != nil {
		panic(err)
	}
	// Output:
	// {"level":"info","msg":"accepted"}
}

// Passwords are redacted on the goroutine that logs them, before anything else sees them.
func ExamplePrepare() {
	redact := func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
		for i := range fields {
			if fields[i].Key == "password" {
				fields[i] = zap.String("password", "***")
			}
		}
		return fields, ent.Message != "health check"
	}
	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(lines()), Prepare: redact})
	if err != nil {
		panic(err)
	}
	logger := zap.New(core)
	logger.Info("health check")
	logger.Info("login", zap.String("password", "hunter2"))
	if err := core.Close(); err != nil {
		panic(err)
	}
	// Output:
	// {"level":"info","msg":"login","password":"***"}
}

// Python's two halves, over an engine that holds the records between them.
func ExampleNewListener() {
	engine := queuecore.NewMemory(0)
	handler, err := queuecore.NewHandler(engine, queuecore.Config{})
	if err != nil {
		panic(err)
	}
	listener, err := queuecore.NewListener(engine, queuecore.ListenerConfig{Targets: queuecore.Targets(lines())})
	if err != nil {
		panic(err)
	}
	listener.Start()
	zap.New(handler).Info("from one part of the program to another")
	if err := handler.Close(); err != nil {
		panic(err)
	}
	if err := listener.Stop(); err != nil {
		panic(err)
	}
	// Output:
	// {"level":"info","msg":"from one part of the program to another"}
}

func ExampleNewHandler() {
	engine := queuecore.NewMemory(0)
	handler, err := queuecore.NewHandler(engine, queuecore.Config{})
	if err != nil {
		panic(err)
	}
	zap.New(handler).Info("kept for a listener that comes later")
	if err := handler.Close(); err != nil {
		panic(err)
	}
	fmt.Println(handler.Stats().Delivered, "record is in the engine")
	// Output:
	// 1 record is in the engine
}

// An engine numbers its records from 1, and keeps each until every cursor has acknowledged it.
func ExampleNewMemory() {
	engine := queuecore.NewMemory(0)
	defer engine.Close(context.Background())

	record := base.GetRecord()
	defer record.Free()
	if err := record.Capture(zapcore.Entry{Message: "kept"}, base.Context{}, nil); err != nil {
		panic(err)
	}
	var batch base.Batch
	batch.Add(record.Bytes())
	last, err := engine.Append(&batch)
	fmt.Println("appended up to", last, err)

	var read base.Batch
	last, err = engine.Read(context.Background(), "a target", &read)
	fmt.Println("read up to", last, err, read.At(0).Entry().Message)
	fmt.Println(engine.Ack("a target", last))
	// Output:
	// appended up to 1 <nil>
	// read up to 1 <nil> kept
	// <nil>
}
