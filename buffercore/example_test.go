package buffercore_test

import (
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/buffercore"
)

// lines is a Core that prints level and message.
func lines() zapcore.Core {
	cfg := zapcore.EncoderConfig{LevelKey: "level", MessageKey: "msg", EncodeLevel: zapcore.LowercaseLevelEncoder}
	return zapcore.NewCore(zapcore.NewJSONEncoder(cfg), zapcore.AddSync(os.Stdout), zapcore.DebugLevel)
}

func ExampleNew() {
	core, err := buffercore.New(buffercore.Config{Target: lines()})
	if err != nil {
		panic(err)
	}
	logger := zap.New(core)
	logger.Info("connecting")
	logger.Info("connected")
	// Nothing is written yet.
	logger.Error("connection lost")
	if err := core.Close(); err != nil {
		panic(err)
	}
	// Output:
	// {"level":"info","msg":"connecting"}
	// {"level":"info","msg":"connected"}
	// {"level":"error","msg":"connection lost"}
}

// The debug records of a request reach the log only if the request goes wrong.
func ExampleCore_Begin() {
	core, err := buffercore.New(buffercore.Config{Target: lines()})
	if err != nil {
		panic(err)
	}
	defer core.Close()

	request := func(path string, goesWrong bool) {
		recording := core.Begin()
		ok := false
		defer func() { recording.End(!ok) }() // keeps them if the request panics
		logger := zap.New(recording)
		logger.Debug("looking up " + path)
		if goesWrong {
			logger.Error("no such order: " + path)
		}
		ok = true
	}
	request("/orders/1", false)
	request("/orders/2", true)
	// Output:
	// {"level":"debug","msg":"looking up /orders/2"}
	// {"level":"error","msg":"no such order: /orders/2"}
}
