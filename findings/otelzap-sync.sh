#!/usr/bin/env bash
# OpenTelemetry's bridge for zap (otelzap 0.21.0): its Sync "flushes buffered logs (if any)", by its documentation, and does nothing: what the
# BatchProcessor holds, for up to a second, stays there. A program that ends with zap's usual Sync loses it, and one that ends with Fatal loses the
# record that says why. Only the provider's own Shutdown or ForceFlush sends them.
. "$(dirname "$0")/lib.sh"
go_program go.opentelemetry.io/contrib/bridges/otelzap@v0.21.0 go.opentelemetry.io/otel/sdk/log@v1.47.0 go.uber.org/zap@v1.28.0 <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelzap"
	sdk "go.opentelemetry.io/otel/sdk/log"
	"go.uber.org/zap"
)

// printer is an exporter to standard output.
type printer struct{}

func (printer) Export(_ context.Context, records []sdk.Record) error {
	for _, r := range records {
		body := r.Body()
		fmt.Println("  exported:", body.String())
	}
	return nil
}
func (printer) ForceFlush(context.Context) error { return nil }
func (printer) Shutdown(context.Context) error   { return nil }

func main() {
	// The interval is a second if it is not set; a minute is for a machine that is slow.
	processor := sdk.NewBatchProcessor(printer{}, sdk.WithExportInterval(time.Minute))
	provider := sdk.NewLoggerProvider(sdk.WithProcessor(processor))
	logger := zap.New(otelzap.NewCore("finding", otelzap.WithLoggerProvider(provider)))
	logger.Info("the service ends")
	switch os.Args[1] {
	case "Sync":
		fmt.Println("  Sync:", logger.Sync())
	case "Fatal":
		logger.Fatal("the port is taken")
	case "Shutdown":
		fmt.Println("  Shutdown:", provider.Shutdown(context.Background()))
	}
}
GO
seen=$(for end in Sync Fatal Shutdown; do
	status=0
	echo "$end"
	./finding $end 2>&1 || status=$?
	echo "  status $status"
done)
same "Sync
  Sync: <nil>
  status 0
Fatal
  status 1
Shutdown
  exported: the service ends
  Shutdown: <nil>
  status 0" "$seen"
