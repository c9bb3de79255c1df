package queuecore_test

import (
	"context"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
)

// Records that outlive the process: a queue in front of a folder, and a listener that delivers from it. If the process is killed
// between the two, the next one delivers.
func ExampleNewDisk() {
	dir, err := os.MkdirTemp("", "logs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	disk, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: dir})
	if err != nil {
		panic(err)
	}
	defer disk.Close(context.Background())

	target := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"}), zapcore.Lock(os.Stdout), zap.InfoLevel)
	listener, err := queuecore.NewListener(disk, queuecore.ListenerConfig{Targets: queuecore.Targets(target)})
	if err != nil {
		panic(err)
	}
	listener.Start()
	core, err := queuecore.NewHandler(disk, queuecore.Config{})
	if err != nil {
		panic(err)
	}
	zap.New(core).Info("order taken", zap.Int("id", 7))
	if err := core.Close(); err != nil { // now it is in the folder
		panic(err)
	}
	if err := listener.Stop(); err != nil { // and now at the target
		panic(err)
	}
	// Output: {"msg":"order taken","id":7}
}
