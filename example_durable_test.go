package zaphandlers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// newDir makes a folder that remove removes.
func newDir() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "zaphandlers-")
	if err != nil {
		panic(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

// A queue whose memory lies in a file. The first run ends while the collector is down; the next one delivers.
func Example_spool() {
	dir, remove := newDir()
	defer remove()
	run := func(collector zapcore.Core, serve func(*zap.Logger)) (err error) {
		queue, err := queuecore.New(queuecore.Config{
			Spool:        dir, // "/var/lib/shop/spool"
			Targets:      []queuecore.TargetConfig{{Name: "collector", Core: collector}},
			DrainTimeout: 200 * time.Millisecond,
		})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue))

		serve(zap.New(queue))
		return nil
	}
	err := run(unreachable(), func(l *zap.Logger) { l.Info("order taken") })
	if errors.Is(err, errors.ErrUnsupported) { // Windows
		fmt.Println("order taken")
		return
	}
	_ = run(base.FromWriter(message(), os.Stdout, nil), func(*zap.Logger) {})
	// Output: order taken
}

// message is an encoder that writes the message and nothing else.
func message() zapcore.Encoder {
	return zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
}

// An engine on the disk, between a queue and what delivers. The first run ends while the collector is down; the next one delivers.
func Example_disk() {
	dir, remove := newDir()
	defer remove()
	run := func(collector zapcore.Core, serve func(*zap.Logger)) (err error) {
		disk, err := queuecore.NewDisk(queuecore.DiskConfig{
			Dir:  dir, // "/var/lib/shop/logs"
			Sync: queuecore.DiskSyncGroup,
		})
		if err != nil {
			return err
		}
		defer func() { err = multierr.Append(err, disk.Close(context.Background())) }()

		listener, err := queuecore.NewListener(disk, queuecore.ListenerConfig{
			Targets:     []queuecore.TargetConfig{{Name: "collector", Core: collector}},
			StopTimeout: 200 * time.Millisecond, // what is not delivered by then stays
		})
		if err != nil {
			return err
		}
		listener.Start()
		defer func() { err = multierr.Append(err, listener.Stop()) }()

		queue, err := queuecore.NewHandler(disk, queuecore.Config{})
		if err != nil {
			return err
		}
		defer multierr.AppendInvoke(&err, multierr.Close(queue)) // first of the three: deferred calls run in reverse

		serve(zap.New(queue))
		return nil
	}
	err := run(unreachable(), func(l *zap.Logger) { l.Info("order taken") })
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))
	fmt.Println(run(base.FromWriter(message(), os.Stdout, nil), func(*zap.Logger) {}))
	// Output:
	// true
	// order taken
	// <nil>
}
