package netcore

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	base "example.com/zaphandlers/zapcore"
)

// fromPython is what Python's SocketHandler sends of a record with seven extra attributes.
const fromPython = "" +
	"fXEAKFgEAAAAbmFtZXEBWAYAAABvcmRlcnNxAlgDAAAAbXNncQNYIwAAAEdFVCAvb3JkZXJzLzgyNzM2NDggMjAwIGluIGEgbW9tZW50cQRYBA" +
	"AAAGFyZ3NxBU5YCQAAAGxldmVsbmFtZXEGWAQAAABJTkZPcQdYBwAAAGxldmVsbm9xCEsUWAgAAABwYXRobmFtZXEJWBMAAAAvc3J2L3Nob3Av" +
	"b3JkZXJzLnB5cQpYCAAAAGZpbGVuYW1lcQtYCQAAAG9yZGVycy5weXEMWAYAAABtb2R1bGVxDVgGAAAAb3JkZXJzcQ5YCAAAAGV4Y19pbmZvcQ" +
	"9OWAgAAABleGNfdGV4dHEQTlgKAAAAc3RhY2tfaW5mb3ERTlgGAAAAbGluZW5vcRJLEVgIAAAAZnVuY05hbWVxE1gEAAAAdGFrZXEUWAcAAABj" +
	"cmVhdGVkcRVHQdrA9GNx98dYBQAAAG1zZWNzcRZHQIhgAAAAAABYDwAAAHJlbGF0aXZlQ3JlYXRlZHEXR0AVhkEAAAAAWAYAAAB0aHJlYWRxGE" +
	"wxMzk3MDk5NTk1MTUwMDhMClgKAAAAdGhyZWFkTmFtZXEZWAoAAABNYWluVGhyZWFkcRpYCwAAAHByb2Nlc3NOYW1lcRtYCwAAAE1haW5Qcm9j" +
	"ZXNzcRxYBwAAAHByb2Nlc3NxHU05UVgGAAAAbWV0aG9kcR5YAwAAAEdFVHEfWAQAAABwYXRocSBYDwAAAC9vcmRlcnMvODI3MzY0OHEhWAYAAA" +
	"BzdGF0dXNxIkvIWAQAAAB0b29rcSNHP1iTdLxqfvpYBAAAAHVzZXJxJFgIAAAAdS04MjczNjRxJVgGAAAAY2FjaGVkcSZJMDAKWAUAAAB0cmFj" +
	"ZXEnWCAAAAA0YmY5MmYzNTc3YjM0ZGE2YTNjZTkyOWQwZTBlNDczNnEodS4="

// BenchmarkLogRecord makes a record of a pickled LogRecord: one of Pickle's, and one of Python's.
func BenchmarkLogRecord(b *testing.B) {
	python, err := base64.StdEncoding.DecodeString(fromPython)
	require.NoError(b, err)
	own, err := Pickle().Append(nil, newBenchBatch(1).At(0))
	require.NoError(b, err)
	for name, frame := range map[string][]byte{"own": own, "Python": python} {
		b.Run(name, func(b *testing.B) {
			reader := logRecordReader{limit: 1 << 20}
			r := base.GetRecord()
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				if err := reader.read(r, frame, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
