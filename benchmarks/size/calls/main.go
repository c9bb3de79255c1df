// Command calls logs a record by zap, and makes each call that no rotation can do without: it opens, lists, renames, removes,
// compresses, compares what was compressed, and has a goroutine for that. It rotates nothing.
package main

import (
	"compress/gzip"
	"log"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func main() {
	path, err := filepath.Abs("app.log")
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), file, zapcore.InfoLevel)).Info("hello")
	time.AfterFunc(0, func() { finish(path) })
}

func finish(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		log.Print(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		log.Print(entry.Name(), info.ModTime(), err)
	}
	log.Print(os.Rename(path, path+".1"), os.Remove(path+".2"), os.Chtimes(path, time.Now(), time.Now()), os.Link(path, path+".3"))
	src, err := os.Open(path + ".1")
	if err != nil {
		log.Print(err)
	}
	dst, err := os.CreateTemp(filepath.Dir(path), "")
	if err != nil {
		log.Print(err)
	}
	buf := make([]byte, 64<<10)
	n, err := src.Read(buf)
	z := gzip.NewWriter(dst)
	_, writeErr := z.Write(buf[:n])
	log.Print(err, writeErr, z.Close(), dst.Sync())
	again, err := gzip.NewReader(dst)
	if err != nil {
		log.Print(err)
	}
	log.Print(again.Read(buf))
}
