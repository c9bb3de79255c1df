package netcore_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

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

// One service logs to another, which writes the records to its own core.
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

// Fluentd, or another receiver of Fluent Forward. One message holds all records of a write.
func ExampleForward() {
	here, there := net.Pipe()
	core, err := netcore.New(netcore.Config{
		Address:   "fluentd.example.com", // port 24224
		Formatter: netcore.Forward(netcore.ForwardConfig{Tag: "shop"}),
		Dial:      func(context.Context, string, string) (net.Conn, error) { return here, nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	received := make(chan []byte)
	go func() {
		b := make([]byte, 1000)
		n, _ := there.Read(b)
		received <- b[:n]
	}()
	_ = core.Write(zapcore.Entry{Time: time.Unix(1e9, 0), Message: "order placed"}, []zap.Field{zap.Int("items", 3)})
	fmt.Printf("%q\n", <-received)
	_ = core.Close()
	// Output: "\x93\xa4shop\xdc\x00\x01\x92\xd7\x00;\x9a\xca\x00\x00\x00\x00\x00\xde\x00\x03\xa5level\xa4info\xa7message\xacorder placed\xa5items\x03\x81\xa4size\x01"
}

// Graylog, over UDP.
func ExampleGELF() {
	graylog, err := net.ListenPacket("udp", "localhost:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer graylog.Close()
	core, err := netcore.New(netcore.Config{
		Network:   "udp",
		Address:   graylog.LocalAddr().String(),
		Formatter: netcore.GELF(netcore.GELFConfig{Host: "shop-1"}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	ent := zapcore.Entry{Level: zap.WarnLevel, Time: time.Unix(1e9, 250e6), Message: "order late\nby a day"}
	_ = core.Write(ent, []zap.Field{zap.Int("items", 3), zap.Dict("customer", zap.String("id", "c-17"))})
	b := make([]byte, 1000)
	n, _, _ := graylog.ReadFrom(b)
	fmt.Printf("%s\n", b[:n])
	// Output: {"version":"1.1","host":"shop-1","short_message":"order late","full_message":"order late\nby a day","timestamp":1000000000.25,"level":4,"_items":3,"_customer.id":"c-17"}
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

// A handler of your own that sends over a socket needs only a Formatter, or an Encoder as here. The Emitter dials, frames, keeps
// deadlines and reconnects.
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

// A Framing separates messages in a handler of your own.
func ExampleFraming_Append() {
	fmt.Printf("%q\n", netcore.OctetCounting.Append(nil, []byte("<14>1 - - - - - - hello")))
	fmt.Printf("%q\n", netcore.Newline.Append(nil, []byte("two\nlines")))
	// Output:
	// "23 <14>1 - - - - - - hello"
	// "two\\nlines\n"
}
