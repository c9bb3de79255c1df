//go:build unix

package writesyncers_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"example.com/zaphandlers/writesyncers"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A service that its supervisor stops: SIGTERM would end it at once, with whatever waits in the Buffer. Told of the signal, it comes
// to the end of main, where everything is closed.
func Example_signal() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app.log")

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{Path: path, MaxBytes: 10 << 20, BackupCount: 5, Buffer: 256 << 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), file, zap.InfoLevel))
	for i := range 1000 {
		logger.Info("request", zap.Int("number", i))
	}

	_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // as systemd and Kubernetes do
	<-ctx.Done()
	fmt.Println("closed:", file.Close())

	text, _ := os.ReadFile(path)
	fmt.Println(strings.Count(string(text), "\n"), "records")
	// Output:
	// closed: <nil>
	// 1000 records
}
