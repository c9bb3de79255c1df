#!/usr/bin/env bash
# OpenTelemetry's Go exporter for logs (otlploghttp 0.23.0) tries again for a minute, by its documentation. A 503 whose Retry-After is longer than what is
# left of that minute is given up at once, and the batch with it: asked to come back later, it never comes.
. "$(dirname "$0")/lib.sh"
go_program go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp@v0.23.0 go.opentelemetry.io/otel/sdk/log@v1.47.0 <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	sdk "go.opentelemetry.io/otel/sdk/log"
)

func main() {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	exporter, err := otlploghttp.New(context.Background(), otlploghttp.WithEndpointURL(server.URL+"/v1/logs"))
	if err != nil {
		panic(err)
	}
	start := time.Now()
	err = exporter.Export(context.Background(), []sdk.Record{{}})
	fmt.Println("requests", requests, "given up", err != nil, "within a second", time.Since(start) < time.Second)
}
GO
same "requests 1 given up true within a second true" "$(./finding)"
