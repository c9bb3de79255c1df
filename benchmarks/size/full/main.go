// Command full prints how many KiB of memory it has resident when a queue of 32 MiB is full whose target stands still; with the argument
// none, before there is one.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
)

func main() {
	if os.Args[1] == "full" {
		fill()
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		log.Fatal(err)
	}
	_, resident, _ := strings.Cut(string(status), "VmRSS:")
	fmt.Println(strings.Fields(resident)[0])
}

func fill() {
	core, err := queuecore.New(queuecore.Config{
		MaxBytes: 32 << 20, Overflow: queuecore.DropNewest, OmitNotice: true, Targets: queuecore.Targets(standing{zapcore.InfoLevel}),
		OnError: func(error) {}, // the drop that ends it
	})
	if err != nil {
		log.Fatal(err)
	}
	logger := zap.New(core)
	for core.Stats().Dropped == 0 {
		logger.Info("order placed", zap.String("user", "alice"), zap.Int("amount", 17), zap.Duration("took", time.Second), zap.String("path", "/v1/orders/17"))
	}
}

// standing is a target that never takes a record.
type standing struct{ zapcore.LevelEnabler }

func (s standing) With([]zapcore.Field) zapcore.Core { return s }

func (s standing) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, s)
}

func (standing) Write(zapcore.Entry, []zapcore.Field) error { select {} }

func (standing) Sync() error { return nil }
