#!/usr/bin/env bash
# zap 1.28.0: the same program logs zap.Any("k", json.RawMessage(…)) as an object when it is built by Go 1.26, and as a string with escapes when
# built by Go 1.27, where json.RawMessage has got a String method.
. "$(dirname "$0")/lib.sh"
go_program go.uber.org/zap@v1.28.0 <<'GO'
package main

import (
	"encoding/json"

	"go.uber.org/zap"
)

func main() {
	logger := zap.NewExample()
	logger.Info("m", zap.Any("k", json.RawMessage(`{"a":1}`)))
}
GO
seen=
for toolchain in go1.26.8 go1.27.3; do
	(cd program && GOTOOLCHAIN=$toolchain go build -o ../finding . 2>/dev/null) || { echo "not run: $toolchain cannot be had"; exit 2; }
	seen+="$toolchain $(./finding 2>&1)"$'\n'
done
same 'go1.26.8 {"level":"info","msg":"m","k":{"a":1}}
go1.27.3 {"level":"info","msg":"m","k":"{\"a\":1}"}
' "$seen"
