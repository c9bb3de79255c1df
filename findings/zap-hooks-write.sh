#!/usr/bin/env bash
# zap 1.28.0: a core of zapcore.RegisterHooks writes nothing when its Write is called, though its Check said yes and Write says nil: it runs the
# hooks, and the core inside was added to the entry by Check. A wrapper that calls Check for the answer and Write for the deed
# loses every record.
. "$(dirname "$0")/lib.sh"
go_program go.uber.org/zap@v1.28.0 <<'GO'
package main

import (
	"fmt"

	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func main() {
	inner, logs := observer.New(zapcore.DebugLevel)
	hooks := 0
	core := zapcore.RegisterHooks(inner, func(zapcore.Entry) error { hooks++; return nil })
	ent := zapcore.Entry{Level: zapcore.InfoLevel}
	wanted := core.Check(ent, nil) != nil
	err := core.Write(ent, nil)
	fmt.Println("wanted", wanted, "error", err, "hooks", hooks, "records", logs.Len())
}
GO
same "wanted true error <nil> hooks 1 records 0" "$(./finding)"
