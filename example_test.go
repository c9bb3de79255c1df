package zaphandlers_test

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/buffercore"
	"example.com/zaphandlers/eventlog"
	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/sysloghandler"
	"example.com/zaphandlers/writesyncers"
	base "example.com/zaphandlers/zapcore"
)

// The recipes of README.md and docs. What they need beside Go is in receivers_test.go, and TestReadme holds the two to the same text.

// encoder writes lines that are always the same.
var encoder = base.NewJSON(zapcore.EncoderConfig{
	LevelKey: "level", MessageKey: "msg", EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeDuration: zapcore.StringDurationEncoder,
})

// A file that rotates, in place of the file of zap.NewProduction.
func Example_rotatingFile() {
	path, remove := logPath()
	defer remove()

	run := func() (err error) {
		file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{
			Path:        path,     // "/var/log/shop/app.log"
			MaxBytes:    10 << 20, // bytes
			BackupCount: 5,        // app.log.1, the newest, to app.log.5
			MakeDirs:    true,
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(file))

		logger := zap.New(zapcore.NewCore(encoder, file, zap.InfoLevel))
		logger.Info("order taken", zap.Int("order", 1234))
		return nil
	}
	fmt.Println(run())
	fmt.Print(read(path))
	// Output:
	// <nil>
	// {"level":"info","msg":"order taken","order":1234}
}

// The same from a configuration file, for a program whose logger is built by zap.Config.
func Example_configuration() {
	path, remove := logPath()
	defer remove()
	path = urlPath(path)

	run := func() error {
		if err := writesyncers.RegisterSinks(); err != nil {
			return err
		}
		cfg := zap.NewProductionConfig()
		cfg.OutputPaths = []string{"rotate://" + path + "?maxBytes=10MiB&backups=5&compress=gzip&makeDirs"} // rotate:///var/log/…
		logger, err := cfg.Build()
		if err != nil {
			return err
		}
		defer logger.Sync()
		logger.Info("order taken")
		return nil
	}
	fmt.Println(run())
	// Output: <nil>
}

// Everything into a file, warnings to syslog, and the goroutine that logs waits for neither. Nothing is lost when the service is
// told to stop.
func Example_service() {
	loghost, received := syslogDaemon()
	path, remove := logPath()
	defer remove()
	const orders = 10_000
	serve := func(ctx context.Context, logger *zap.Logger) error {
		for order := range orders {
			logger.Info("order taken", zap.Int("order", order))
		}
		logger.Warn("stock is low", zap.String("item", "ink"))
		if terminate() {
			<-ctx.Done()
		}
		return nil
	}

	run := func() (err error) {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()

		file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{
			Path:        path, // "/var/log/shop/app.log"
			MaxBytes:    100 << 20,
			BackupCount: 10,
			Compress:    writesyncers.Gzip, // behind the writer, never on its way
			MakeDirs:    true,
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(file))

		syslog, err := sysloghandler.New(sysloghandler.Config{
			Network: "tcp",
			Address: loghost, // "loghost.example.com:514"; with Network "local" there is none: it finds this machine's daemon
			AppName: "shop",
			Level:   zap.WarnLevel,
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(syslog))

		queue, err := queuecore.New(queuecore.Config{
			Targets: queuecore.Targets(zapcore.NewTee(
				base.FromWriter(encoder, file, zap.InfoLevel), // zapcore.NewCore, but a batch is one write
				syslog,
			)),
			Overflow:     queuecore.DropOldest, // when full; without it a call waits for room: up to 100 ms, from Error on 5 s
			DrainTimeout: 5 * time.Second,      // of Close, if a target is down: docker stop kills after 10 s
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue))

		return serve(ctx, zap.New(queue)) // until ctx is done; then the queue is closed, and what it holds is delivered
	}
	fmt.Println(run())
	fmt.Println("orders in the file:", strings.Count(read(path), "order taken"), "of", orders)
	fmt.Println(received())
	// Output:
	// <nil>
	// orders in the file: 10000 of 10000
	// <12>1 TIME HOST shop PID - [fields@32473 item="ink"] stock is low
}

// Standard output, and the debug records of requests that go wrong.
func Example_kubernetes() {
	run := func(serve func() error) (err error) {
		core := base.FromWriter(encoder, writesyncers.NewStream(os.Stdout), zap.DebugLevel)
		recorder, err := buffercore.New(buffercore.Config{Target: core})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(recorder))

		http.HandleFunc("/orders/", func(w http.ResponseWriter, r *http.Request) {
			recording := recorder.Begin()
			ok := false
			defer func() { recording.End(!ok) }() // keeps what was logged below Error if the handler panics

			log := zap.New(recording).With(zap.String("path", r.URL.Path))
			log.Debug("looking up")
			if r.URL.Path != "/orders/1" {
				log.Error("no such order")
			}
			ok = true
		})

		logger := zap.New(core, zap.IncreaseLevel(zap.InfoLevel))
		logger.Info("serving")
		return serve()
	}
	fmt.Println(run(func() error {
		for _, path := range []string{"/orders/1", "/orders/2"} {
			http.DefaultServeMux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil))
		}
		return nil
	}))
	// Output:
	// {"level":"info","msg":"serving"}
	// {"level":"debug","msg":"looking up","path":"/orders/2"}
	// {"level":"error","msg":"no such order","path":"/orders/2"}
	// <nil>
}

// What Close has to say about records that could not be delivered.
func Example_closing() {
	collector := unreachable()
	serve := func(logger *zap.Logger) error {
		logger.Info("serving")
		logger.Info("stopping")
		return nil
	}

	run := func() (err error) {
		queue, err := queuecore.New(queuecore.Config{
			Targets:      queuecore.Targets(collector),
			DrainTimeout: 200 * time.Millisecond, // how long Close and Sync wait; the default is 10 s
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue))

		return serve(zap.New(queue))
	}

	err := run()
	var lost *queuecore.LostError
	if errors.As(err, &lost) {
		fmt.Println("records lost at the end:", lost.Records)
	}
	// Output: records lost at the end: 2
}

// Counts, where the program's others are.
func Example_counters() {
	path, remove := logPath()
	defer remove()
	alarm := func(err error) { fmt.Println("alarm:", err) }

	run := func() (err error) {
		file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{Path: path, MakeDirs: true, OnError: alarm})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(file))

		drops := expvar.NewMap("log.drops")
		queue, err := queuecore.New(queuecore.Config{
			Targets: queuecore.Targets(base.FromWriter(encoder, file, nil)),
			// A failure is told once, and once more when it is over.
			OnError: alarm,
			OnDrop:  func(d queuecore.Drop) { drops.Add(d.Cause.String(), int64(d.Records)) },
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue))

		expvar.Publish("log.queue", queue)
		expvar.Publish("log.file", expvar.Func(func() any { return file.Stats() }))

		logger := zap.New(queue, zap.ErrorOutput(base.ReportTo(zapcore.Lock(os.Stderr))))
		logger.Info("order taken")
		if err := logger.Sync(); err != nil {
			return err
		}
		fmt.Println(queue.Stats(), "missing:", queue.Stats().Missing())
		return nil
	}
	fmt.Println(run())
	fmt.Println(expvar.Get("log.file"))
	// Output:
	// {"accepted":1,"delivered":1,"dropped":0,"skipped":0,"pending":0,"refused":0} missing: 0
	// <nil>
	// {"accepted":1,"delivered":1,"dropped":0,"skipped":0,"pending":0,"refused":0,"bytes":37,"opens":1,"repeated":0,"rotations":0,"compressed":0,"errors":0}
}

// The Windows event log. On other systems, and where the source was not installed, New says so.
func Example_eventLog() {
	run := func() (err error) {
		events, err := eventlog.New(eventlog.Config{Source: "shop", Level: zap.WarnLevel})
		if err != nil {
			return err // where the source is missing, it has the commands that an administrator has to run
		}
		defer multierr.AppendInvoke(&err, multierr.Close(events))

		logger := zap.New(events)
		logger.Warn("stock is low")
		return nil
	}
	err := run()
	fmt.Println(errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrNotExist))
	// Output: true
}

// logPath returns the path of a log file in a directory that is not there yet, and what removes it.
func logPath() (path string, remove func()) {
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		panic(err)
	}
	return filepath.Join(dir, "log", "app.log"), func() { _ = os.RemoveAll(dir) }
}

// urlPath returns a path as a URL has it: /C:/log/app.log on Windows.
func urlPath(path string) string {
	return "/" + strings.TrimPrefix(filepath.ToSlash(path), "/")
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
