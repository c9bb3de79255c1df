#!/usr/bin/env bash
# zap 1.28.0: Write of zapcore.NewMultiWriteSyncer is to return the least that a member wrote, by the comment above it. A member that wrote nothing
# is forgotten when one that wrote stands behind it: Write then says that all was written, beside the error. What goes by n, as io.Copy's
# count does, goes by the order in which the members were given. (zap's pull request 1590.)
. "$(dirname "$0")/lib.sh"
go_program go.uber.org/zap@v1.28.0 <<'GO'
package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"go.uber.org/zap/zapcore"
)

type member struct {
	n   int
	err error
}

func (m member) Write(p []byte) (int, error) { return min(m.n, len(p)), m.err }
func (m member) Sync() error                 { return nil }

func main() {
	good, bad, half := member{n: 100}, member{err: errors.New("disk full")}, member{n: 4, err: io.ErrShortWrite}
	for _, test := range []struct {
		name    string
		members []zapcore.WriteSyncer
	}{
		{"good, bad", []zapcore.WriteSyncer{good, bad}},
		{"bad, good", []zapcore.WriteSyncer{bad, good}},
		{"good, bad, good", []zapcore.WriteSyncer{good, bad, good}},
		{"good, half", []zapcore.WriteSyncer{good, half}},
		{"half, good", []zapcore.WriteSyncer{half, good}},
	} {
		syncer := zapcore.NewMultiWriteSyncer(test.members...)
		n, err := syncer.Write([]byte("a line of text"))
		copied, _ := io.Copy(struct{ io.Writer }{syncer}, struct{ io.Reader }{strings.NewReader("a line of text")})
		fmt.Printf("%s: n %d, error %v, io.Copy counts %d\n", test.name, n, err, copied)
	}
}
GO
same "good, bad: n 0, error disk full, io.Copy counts 0
bad, good: n 14, error disk full, io.Copy counts 14
good, bad, good: n 14, error disk full, io.Copy counts 14
good, half: n 4, error short write, io.Copy counts 4
half, good: n 4, error short write, io.Copy counts 4" "$(./finding)"
