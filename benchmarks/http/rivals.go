package http

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelzap"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/queuecore"
)

// exporter is a core that sends records to a collector in batches of 1,000, in the background.
type exporter struct {
	core  zapcore.Core
	flush func() error // returns when the collector has what was logged
	close func() error
	taken func() uint64 // by the collector
}

// newQueued is ours: a queue, and httpcore with the Envelope OTLP.
func newQueued(url string) (*exporter, error) {
	target, err := httpcore.New(httpcore.Config{URL: url + "/v1/logs", Envelope: httpcore.OTLP(httpcore.OTLPConfig{})})
	if err != nil {
		return nil, err
	}
	queue, err := queuecore.New(queuecore.Config{
		Targets: []queuecore.TargetConfig{{Core: target, BatchRecords: batchSize, BatchBytes: 1 << 20, BatchAge: time.Second}},
	})
	return &exporter{
		core:  queue,
		flush: queue.Sync,
		close: func() error { return multierr.Append(queue.Close(), target.Close()) },
		taken: func() uint64 { return target.Stats().Delivered },
	}, err
}

// newOpenTelemetry is OpenTelemetry's: the bridge for zap, the SDK's batches, and the exporter over HTTP.
func newOpenTelemetry(url string) (*exporter, error) {
	ctx := context.Background()
	http, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(url+"/v1/logs"))
	if err != nil {
		return nil, err
	}
	counted := &countingExporter{Exporter: http}
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(counted,
		sdklog.WithMaxQueueSize(4*batchSize), sdklog.WithExportMaxBatchSize(batchSize))))
	return &exporter{
		core:  otelzap.NewCore("zaphandlers", otelzap.WithLoggerProvider(provider)),
		flush: func() error { return provider.ForceFlush(ctx) },
		close: func() error { return provider.Shutdown(ctx) },
		taken: counted.n.Load,
	}, nil
}

// countingExporter counts what was exported without an error.
type countingExporter struct {
	sdklog.Exporter
	n atomic.Uint64
}

func (c *countingExporter) Export(ctx context.Context, records []sdklog.Record) error {
	err := c.Exporter.Export(ctx, records)
	if err == nil {
		c.n.Add(uint64(len(records)))
	}
	return err
}

// newNop is what a call of the logger costs by itself.
func newNop(string) (*exporter, error) {
	nothing := func() error { return nil }
	return &exporter{core: enabledNop{zapcore.NewNopCore()}, flush: nothing, close: nothing}, nil
}

// enabledNop is zap's nop core, except that it wants the records.
type enabledNop struct{ zapcore.Core }

func (enabledNop) Enabled(zapcore.Level) bool { return true }

func (n enabledNop) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, n)
}

// export logs b.N records of ten fields and waits after each 1,000 until the collector has them.
func export(b *testing.B, open func(url string) (*exporter, error)) error {
	server := serve("{}")
	defer server.Close()
	e, err := open(server.URL)
	if err != nil {
		return err
	}
	logger := zap.New(e.core)
	b.ResetTimer()
	for i := range b.N {
		logger.Info("request served", zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
			zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
			zap.String("request_id", "6f1c2a4e-9b1d"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true), zap.Float64("load", 0.75))
		if i%batchSize == batchSize-1 || i == b.N-1 {
			err = multierr.Append(err, e.flush())
		}
	}
	b.StopTimer()
	if e.taken != nil {
		b.ReportMetric(float64(b.N)-float64(e.taken()), "lost/op")
	}
	return multierr.Append(err, e.close())
}

// python is Python's HTTPHandler, a new connection for each record.
func python(b *testing.B) error {
	server := serve("")
	defer server.Close()
	return suite.Python(b, fmt.Sprintf(`
import logging, logging.handlers, time
handler = logging.handlers.HTTPHandler(%q, '/log', 'POST')
fields = dict(method='GET', path='/api/v1/orders/12345', status=200, bytes=51234, elapsed=0.001234567,
    remote='192.0.2.17:51234', request_id='6f1c2a4e-9b1d', agent='curl/8.5.0', cached=True, load=0.75)
logger = logging.getLogger('shop'); logger.setLevel('INFO'); logger.propagate = False; logger.addHandler(handler)
begin = time.perf_counter_ns()
for _ in range(n):
    logger.info('request served', extra=fields)
print((time.perf_counter_ns() - begin) / n)`, server.Listener.Addr()))
}
