//go:build unix

package queuecore_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/zap"

	"example.com/zaphandlers/queuecore"
)

// A supervisor (systemd, Kubernetes, docker stop) ends a program by SIGTERM, which by default ends it on the spot, with what the
// queue holds. A program that logs through a queue takes the signal as a request to return from main, so that Close runs.
func ExampleCore_Close_signals() {
	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(lines())})
	if err != nil {
		panic(err)
	}
	defer func() {
		if err := core.Close(); err != nil { // delivers what is queued, within DrainTimeout
			fmt.Println(err)
		}
	}()
	logger := zap.New(core)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	time.AfterFunc(time.Millisecond, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGTERM) }) // the supervisor

	logger.Info("serving")
	<-ctx.Done() // or http.Server.Shutdown and the like
	logger.Info("stopping")
	// Output:
	// {"level":"info","msg":"serving"}
	// {"level":"info","msg":"stopping"}
}
