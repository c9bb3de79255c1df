package sysloghandler_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
)

func ExampleNew() {
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0") // in place of a syslog daemon
	if err != nil {
		panic(err)
	}
	defer daemon.Close()

	core, err := sysloghandler.New(sysloghandler.Config{
		Address:  daemon.LocalAddr().String(),
		Facility: "local0",
		Hostname: "web7",
		AppName:  "shop",
		ProcID:   "4711",
	})
	if err != nil {
		panic(err)
	}
	defer core.Close()

	logger := zap.New(core, zap.WithClock(midnight{})).Named("orders")
	logger.Info("order taken", zap.Int("status", 200), zap.String("path", `/"a"`))

	message := make([]byte, 2048)
	n, _, _ := daemon.ReadFrom(message)
	fmt.Println(string(message[:n]))
	// Output: <134>1 2026-11-22T00:00:00.000000Z web7 shop 4711 orders [fields@32473 status="200" path="/\"a\""] order taken
}

// The daemon of the machine itself, wherever it listens. This is what most programs want.
func ExampleNew_local() {
	core, err := sysloghandler.New(sysloghandler.Config{Network: "local"})
	if err != nil {
		panic(err)
	}
	defer core.Close()
	fmt.Println("New connects to nothing: the daemon may come later")
	// Output: New connects to nothing: the daemon may come later
}

// A daemon on another machine, over TLS: RFC 5425. The messages are numbered, so the receiver can tell what is missing.
func ExampleNew_tls() {
	core, err := sysloghandler.New(sysloghandler.Config{
		Address:    "logs.example.com:6514",
		TLS:        &tls.Config{MinVersion: tls.VersionTLS12},
		SequenceID: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, fmt.Errorf("no such machine")
		},
	})
	if err != nil {
		panic(err)
	}
	defer core.Close()
	fmt.Println(core.Write(zapcore.Entry{Message: "order taken"}, nil))
	// Output: sysloghandler: dial tcp logs.example.com:6514: no such machine
}

// An rsyslog that acknowledges each message. What it has not is sent again when it is back.
func ExampleNew_relp() {
	core, err := sysloghandler.New(sysloghandler.Config{
		Network: "relp",
		Address: "logs.example.com:2514",
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, fmt.Errorf("no such machine")
		},
	})
	if err != nil {
		panic(err)
	}
	defer core.Close()
	fmt.Println(core.Write(zapcore.Entry{Message: "order taken"}, nil))
	// Output: sysloghandler: dial tcp logs.example.com:2514: no such machine
}

// Python's own form, byte for byte.
func ExampleConfig_python() {
	daemon, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer daemon.Close()
	core, err := sysloghandler.New(sysloghandler.Config{
		Format:  sysloghandler.Python,
		Address: daemon.LocalAddr().String(),
		Ident:   "shop: ",
	})
	if err != nil {
		panic(err)
	}
	defer core.Close()
	zap.New(core).Warn("stock is low")

	message := make([]byte, 2048)
	n, _, _ := daemon.ReadFrom(message)
	fmt.Printf("%q\n", message[:n])
	// Output: "<12>shop: stock is low\x00"
}

// Messages to be sent in another way: here, to standard output.
func ExampleNewFormatter() {
	formatter, err := sysloghandler.NewFormatter(sysloghandler.Config{Hostname: "web7", AppName: "shop", ProcID: "4711"})
	if err != nil {
		panic(err)
	}
	record := base.GetRecord()
	defer record.Free()
	entry := zapcore.Entry{Time: midnight{}.Now(), Message: "order taken"}
	if err := record.Capture(entry, base.Context{}, []zapcore.Field{zap.Int("status", 200)}); err != nil {
		panic(err)
	}
	message, err := formatter.Append(nil, record)
	fmt.Println(string(message), err)
	// Output: <14>1 2026-11-22T00:00:00.000000Z web7 shop 4711 - [fields@32473 status="200"] order taken <nil>
}

// An entry for systemd's journal. journalctl finds it by STATUS=200.
func ExampleNewFormatter_journal() {
	formatter, err := sysloghandler.NewFormatter(sysloghandler.Config{
		Network: "journal", AppName: "shop", ProcID: "4711", Facility: sysloghandler.Local3,
	})
	if err != nil {
		panic(err)
	}
	record := base.GetRecord()
	defer record.Free()
	entry := zapcore.Entry{Time: midnight{}.Now(), LoggerName: "http", Message: "order taken"}
	if err := record.Capture(entry, base.Context{}, []zapcore.Field{zap.Int("status", 200), zap.String("user.id", "x")}); err != nil {
		panic(err)
	}
	message, err := formatter.Append(nil, record)
	fmt.Print(string(message))
	fmt.Println(err)
	// Output:
	// PRIORITY=6
	// SYSLOG_FACILITY=19
	// SYSLOG_IDENTIFIER=shop
	// SYSLOG_PID=4711
	// SYSLOG_TIMESTAMP=2026-11-22T00:00:00.000000Z
	// LOGGER=http
	// MESSAGE=order taken
	// STATUS=200
	// USER_ID=x
	// <nil>
}

func ExampleParseFacility() {
	mail, err := sysloghandler.ParseFacility("mail")
	fmt.Println(mail, err)
	_, err = sysloghandler.ParseFacility("letters")
	fmt.Println(err)
	// Output:
	// 2 <nil>
	// sysloghandler: facility "letters" is unknown
}

func ExampleEncodePriority() {
	fmt.Println(sysloghandler.EncodePriority(sysloghandler.Mail, sysloghandler.Err))
	// Output: 19
}

// A MapPriority that knows a level between zap's own.
func ExampleConfig_mapPriority() {
	const notice = zapcore.Level(-2)
	cfg := sysloghandler.Config{
		MapPriority: func(l zapcore.Level) sysloghandler.Priority {
			if l == notice {
				return sysloghandler.Notice
			}
			p, _ := sysloghandler.ParsePriority(strings.ToLower(l.String()))
			return p
		},
	}
	fmt.Println(cfg.MapPriority(notice), cfg.MapPriority(zapcore.ErrorLevel))
	// Output: 5 3
}

// midnight is a clock for examples.
type midnight struct{}

func (midnight) Now() time.Time                         { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }
func (midnight) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }
