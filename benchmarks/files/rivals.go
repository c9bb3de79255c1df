package files

import (
	"io"
	"os"

	"github.com/DeRuina/timberjack"
	rotatelogs "github.com/lestrrat-go/file-rotatelogs"
	"github.com/phuslu/log"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"
)

// The others, each as its documentation says.
var (
	lumber = writer{"lumberjack", func(path string, r rotation) (io.WriteCloser, error) {
		return &lumberjack.Logger{Filename: path, MaxSize: r.megabytes(), MaxBackups: r.backups}, nil
	}}
	lumberGzip = writer{"lumberjack, gzip", func(path string, r rotation) (io.WriteCloser, error) {
		return &lumberjack.Logger{Filename: path, MaxSize: r.megabytes(), MaxBackups: r.backups, Compress: true}, nil
	}}
	timber = writer{"timberjack", func(path string, r rotation) (io.WriteCloser, error) {
		return &timberjack.Logger{Filename: path, MaxSize: r.megabytes(), MaxBackups: r.backups}, nil
	}}
	timberGzip = writer{"timberjack, gzip", func(path string, r rotation) (io.WriteCloser, error) {
		return &timberjack.Logger{Filename: path, MaxSize: r.megabytes(), MaxBackups: r.backups, Compression: "gzip"}, nil
	}}
	lestrrat = writer{"file-rotatelogs", func(path string, r rotation) (io.WriteCloser, error) {
		return rotatelogs.New(path+".%Y%m%d", rotatelogs.WithRotationSize(r.limit), rotatelogs.WithMaxAge(-1),
			rotatelogs.WithRotationCount(uint(r.backups)))
	}}
	phuslu = writer{"phuslu/log FileWriter", func(path string, r rotation) (io.WriteCloser, error) {
		return &log.FileWriter{
			Filename: path, MaxSize: r.limit, MaxBackups: r.backups, FileMode: 0o644,
			TimeFormat: "2006-01-02T15-04-05.000000", // by default one to the second, in which it does not rotate twice
		}, nil
	}}
	zapBuffer = writer{"zap BufferedWriteSyncer", func(path string, _ rotation) (io.WriteCloser, error) {
		f, err := create(path)
		return zapBuffered{&zapcore.BufferedWriteSyncer{WS: zapcore.AddSync(unsynced{f}), Size: bufferSize}, f}, err
	}}
)

// unsynced spares the disk the fsync at the end, which is not measured.
type unsynced struct{ io.Writer }

// zapBuffered closes the file as well.
type zapBuffered struct {
	*zapcore.BufferedWriteSyncer
	f *os.File
}

func (z zapBuffered) Close() error { return multierr.Append(z.Stop(), z.f.Close()) }
