package mailcore_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
)

var times = regexp.MustCompile(`\d+-\d+-\d+ \d+:\d+:\d+\.\d+ [+-]\d+`)

func ExampleNew() {
	// A server that prints what it gets. Yours has an address, and Dial is not needed.
	server := &server{done: make(chan struct{}), taken: func(m received) {
		message, _ := mail.ReadMessage(bytes.NewReader(m.data))
		fmt.Println("to:", m.to)
		fmt.Println("subject:", message.Header.Get("Subject"))
		text, _ := io.ReadAll(quotedprintable.NewReader(message.Body))
		fmt.Println(string(times.ReplaceAll(text, []byte("TIME"))))
	}}

	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey = "" // so that the output below is always the same
	core, err := mailcore.New(mailcore.Config{
		Addr:     "mail.example.com",
		From:     "Orders <orders@example.com>",
		To:       []string{"ops@example.com"},
		Subject:  "orders on web-3",
		Encoder:  zapcore.NewConsoleEncoder(encoder),
		Interval: time.Minute,
		Dial:     server.dial,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	logger := zap.New(core)
	logger.Info("not worth a mail")
	logger.Error("out of stock", zap.Int("item", 4711))
	for range 3 {
		logger.Error("held until the minute is over, or the program")
	}
	stats := core.Stats()
	fmt.Println("delivered:", stats.Delivered, "held:", stats.Pending)
	if err := core.Close(); err != nil {
		fmt.Println(err)
	}
	fmt.Println("delivered:", core.Stats().Delivered)

	// Output:
	// to: [ops@example.com]
	// subject: orders on web-3
	// error	out of stock	{"item": 4711}
	//
	// delivered: 1 held: 3
	// to: [ops@example.com]
	// subject: orders on web-3 (3 records)
	// 3 records (3 error), from TIME to TIME.
	//
	// error	held until the minute is over, or the program
	// error	held until the minute is over, or the program
	// error	held until the minute is over, or the program
	//
	// delivered: 4
}
