// Command filelog follows files by the OpenTelemetry Collector's file_log receiver, and prints their lines: filelog PATTERN.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "filelog:", err)
		os.Exit(1)
	}
}

func run(pattern string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	factory := filelogreceiver.NewFactory()
	cfg := factory.CreateDefaultConfig()
	settings := confmap.NewFromStringMap(map[string]any{
		"include": []any{pattern}, "start_at": "beginning", "compression": "auto", "poll_interval": "200ms",
	})
	if err := settings.Unmarshal(cfg); err != nil {
		return err
	}
	lines, err := consumer.NewLogs(printLines)
	if err != nil {
		return err
	}
	receiver, err := factory.CreateLogs(ctx, receivertest.NewNopSettings(factory.Type()), cfg, lines)
	if err != nil {
		return err
	}
	if err := receiver.Start(ctx, componenttest.NewNopHost()); err != nil {
		return err
	}
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return receiver.Shutdown(end)
}

func printLines(_ context.Context, logs plog.Logs) error {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				fmt.Println(record.Body().AsString())
			}
		}
	}
	return nil
}
