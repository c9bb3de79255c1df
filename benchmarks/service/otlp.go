package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"example.com/zaphandlers/httpcore"
)

// startOTLP is OTLP in protobuf, compressed, read by OpenTelemetry's own types.
func startOTLP(keep func(*record) error) (l link, err error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return l, err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := readOTLP(r, keep); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf") // an empty answer is success, whole
	})}
	go func() { _ = server.Serve(listener) }() // until stop
	l.stop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return server.Shutdown(ctx)
	}
	l.core, err = httpcore.New(httpcore.Config{
		URL:      "http://" + listener.Addr().String() + "/v1/logs",
		Envelope: httpcore.OTLP(httpcore.OTLPConfig{}),
		Gzip:     true,
	})
	return l, err
}

// readOTLP keeps the records of a request.
func readOTLP(r *http.Request, keep func(*record) error) error {
	body, err := plain(r.Body, r.Header)
	if err != nil {
		return err
	}
	var data logs.LogsData // on the wire the same as ExportLogsServiceRequest
	if err := proto.Unmarshal(body, &data); err != nil {
		return err
	}
	for _, resource := range data.ResourceLogs {
		for _, scope := range resource.ScopeLogs {
			for _, got := range scope.LogRecords {
				fields := map[string]any{"level": got.SeverityText, "msg": got.Body.GetStringValue()}
				for _, a := range got.Attributes {
					fields[a.Key] = valueOf(a.Value)
				}
				fields["error"] = fields["exception.message"]
				if err := keep(recordOf(fields, "msg", "duration", time.Nanosecond)); err != nil {
					return errors.Join(errors.New("not kept"), err)
				}
			}
		}
	}
	return nil
}

// valueOf returns a text or a number.
func valueOf(v *common.AnyValue) any {
	switch v := v.Value.(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	}
	return nil
}
