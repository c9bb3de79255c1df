package netcore_test

import (
	"context"
	"fmt"
	"io"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
	base "example.com/zaphandlers/zapcore"
)

// lines is a core that prints level, name, message and fields.
func lines(to io.Writer) zapcore.Core {
	encoder := zapcore.NewConsoleEncoder(zapcore.EncoderConfig{
		LevelKey: "l", NameKey: "n", MessageKey: "m",
		EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeName: zapcore.FullNameEncoder, ConsoleSeparator: " ",
	})
	return zapcore.NewCore(encoder, zapcore.AddSync(to), zap.DebugLevel)
}

// One service logs to another, which writes what comes to its own core.
func ExampleNew() {
	server, err := netcore.NewServer(netcore.ServerConfig{
		Address: "localhost:0",
		Format:  netcore.FormatRecords,
		Ack:     true,
		Target:  lines(os.Stdout),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Serve()

	core, err := netcore.New(netcore.Config{
		Address:   server.Addr().String(),
		Formatter: netcore.Records(),
		Ack:       true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	log := zap.New(core).Named("shop")
	log.Info("order placed", zap.Int("items", 3))
	log.Warn("stock is low", zap.String("item", "ink"))

	if err := core.Close(); err != nil { // waits until the server has confirmed both
		fmt.Println(err)
	}
	fmt.Println(core.Stats())
	_ = server.Shutdown(context.Background())
	// Output:
	// info shop order placed {"items": 3}
	// warn shop stock is low {"item": "ink"}
	// {"accepted":2,"delivered":2,"dropped":0,"skipped":0,"pending":0,"refused":0}
}

// A server for what Python's SocketHandler sends, and Pickle.
func ExampleNewServer() {
	arrived := make(chan struct{})
	target := zapcore.RegisterHooks(lines(io.Discard), func(ent zapcore.Entry) error {
		fmt.Println(ent.Level, ent.LoggerName, ent.Message)
		close(arrived)
		return nil
	})
	server, err := netcore.NewServer(netcore.ServerConfig{
		Address: "localhost:0",
		Format:  netcore.FormatPickle,
		Target:  target,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Serve()

	core, err := netcore.New(netcore.Config{
		Address:   server.Addr().String(),
		Formatter: netcore.Pickle(),
		Level:     zap.WarnLevel,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	log := zap.New(core).Named("app.db")
	log.Info("below the level")
	log.Error("query failed")
	<-arrived
	_ = core.Close()
	_ = server.Shutdown(context.Background()) // reads what else may be on its way
	fmt.Println(server.Stats().Delivered, "record")
	// Output:
	// error app.db query failed
	// 1 record
}

// A handler of your own that speaks over a socket needs a Formatter, or an Encoder as here, and no Emitter: this one dials, frames,
// keeps deadlines and connects again.
func ExampleNewEmitter() {
	messages := make(chan string, 1)
	target := zapcore.RegisterHooks(lines(io.Discard), func(ent zapcore.Entry) error {
		messages <- ent.Message
		return nil
	})
	server, err := netcore.NewServer(netcore.ServerConfig{
		Address: "localhost:0",
		Format:  netcore.FormatLines,
		Framing: netcore.NUL,
		Target:  target,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	go server.Serve()
	defer server.Close()

	report := base.NewReporter("shopcore", nil)
	emitter, err := netcore.NewEmitter(netcore.EmitterConfig{
		Name:        "shopcore",
		Address:     server.Addr().String(),
		Framing:     netcore.NUL,
		TrimNewline: true, // the framing says where a record ends
		Report:      report,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	core, err := base.NewHandler(base.HandlerConfig{
		Name:    "shopcore",
		Encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"}),
		Emitter: emitter,
		Report:  report,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	zap.New(core).Info("order placed", zap.Int("items", 3))
	fmt.Println(<-messages)
	// Output: {"msg":"order placed","items":3}
}

// A formatter, dialling, framing, deadlines and reconnection are apart, so a handler of your own can use the latter.
func ExampleFraming_Append() {
	fmt.Printf("%q\n", netcore.OctetCounting.Append(nil, []byte("<14>1 - - - - - - hello")))
	fmt.Printf("%q\n", netcore.Newline.Append(nil, []byte("two\nlines")))
	// Output:
	// "23 <14>1 - - - - - - hello"
	// "two\\nlines\n"
}
