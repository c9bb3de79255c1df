//go:build unix

package writesyncers_test

import (
	"fmt"
	"os"
	"path/filepath"

	"example.com/zaphandlers/writesyncers"
	"go.uber.org/zap"
)

func ExampleNewWatchedFile() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app.log")
	file, err := writesyncers.NewWatchedFile(writesyncers.WatchedFileConfig{Path: path})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(file, "before")
	_ = os.Rename(path, path+".1") // as logrotate does
	fmt.Fprintln(file, "after")
	fmt.Println(file.Close())
	text, _ := os.ReadFile(path)
	fmt.Print(string(text))
	// Output:
	// <nil>
	// after
}

func ExampleRegisterSinks() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	if err := writesyncers.RegisterSinks(); err != nil {
		fmt.Println(err)
		return
	}
	cfg := zap.NewProductionConfig()
	cfg.OutputPaths = []string{"rotate://" + filepath.ToSlash(dir) + "/app.log?maxBytes=10MiB&backups=5&compress=gzip"}
	logger, err := cfg.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	logger.Info("started")
	_, err = os.Stat(filepath.Join(dir, "app.log"))
	fmt.Println(err)
	// Output: <nil>
}
