// Command lumberjack logs a record by zap to a file of lumberjack's.
package main

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"
)

func main() {
	file := &lumberjack.Logger{Filename: "app.log", MaxSize: 64, MaxBackups: 5}
	defer file.Close()
	zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(file), zapcore.InfoLevel)).Info("hello")
}
