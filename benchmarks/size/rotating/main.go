// Command rotating logs a record by zap to a RotatingFile.
package main

import (
	"log"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/writesyncers"
)

func main() {
	file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{Path: "app.log", MaxBytes: 64 << 20, BackupCount: 5})
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), file, zapcore.InfoLevel)).Info("hello")
}
