package eventlog_test

import (
	"fmt"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/eventlog"
)

// A service logs to the event log where it is installed, and to standard output where not: on a developer's Windows, and on
// every other system.
func ExampleNew() {
	var core zapcore.Core
	events, err := eventlog.New(eventlog.Config{Source: "zaphandlers example", Level: zap.InfoLevel})
	if err == nil {
		defer events.Close()
		core = events
	} else {
		core = zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), os.Stdout, zap.InfoLevel)
	}
	zap.New(core).Info("ready", zap.Int("port", 8080))
	// Output: {"m":"ready","port":8080}
}

// A message file of one's own has a text for each id, such as "Order %1 of %2 was refused."; the record gives what to insert.
func ExampleConfig() {
	ids := map[string]uint32{"order refused": 0xC0000101, "order shipped": 0x40000102}
	cfg := eventlog.Config{
		Source:      "orders",
		MessageFile: `C:\Program Files\Orders\messages.dll`,
		EventID:     func(ent zapcore.Entry) uint32 { return ids[ent.Message] },
		Strings: func(_ zapcore.Entry, fields []zapcore.Field) []string {
			var texts []string
			for _, f := range fields {
				texts = append(texts, f.String)
			}
			return texts
		},
	}
	ent := zapcore.Entry{Message: "order refused"}
	fmt.Printf("%#x %q\n", cfg.EventID(ent), cfg.Strings(ent, []zapcore.Field{zap.String("order", "1234"), zap.String("customer", "Ada")}))
	// Output: 0xc0000101 ["1234" "Ada"]
}
