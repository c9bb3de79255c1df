package jetstream_test

import (
	"context"
	"fmt"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/queuecore/jetstream"
)

// Records that outlive the process: a queue in front of JetStream, and a listener that delivers from it.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "logs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	engine, err := jetstream.New(jetstream.Config{Dir: dir})
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())

	target := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"}), zapcore.Lock(os.Stdout), zap.InfoLevel)
	listener, err := queuecore.NewListener(engine, queuecore.ListenerConfig{Targets: queuecore.Targets(target)})
	if err != nil {
		panic(err)
	}
	listener.Start()
	core, err := queuecore.NewHandler(engine, queuecore.Config{})
	if err != nil {
		panic(err)
	}
	zap.New(core).Info("order taken", zap.Int("id", 7))
	if err := core.Close(); err != nil { // in the stream
		panic(err)
	}
	if err := listener.Stop(); err != nil { // at the target
		fmt.Println(err)
	}
	// Output: {"msg":"order taken","id":7}
}
