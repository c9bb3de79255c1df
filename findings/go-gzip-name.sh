#!/usr/bin/env bash
# Go's compress/gzip (Go 1.26, 1.27): a Header.Name beyond Latin-1 is no error of NewWriter, nor is it left out: every Write fails, and nothing
# is compressed.
. "$(dirname "$0")/lib.sh"
go_program <<'GO'
package main

import (
	"compress/gzip"
	"fmt"
	"io"
)

func main() {
	for _, name := range []string{"café.log", "日志.log"} {
		w := gzip.NewWriter(io.Discard)
		w.Name = name
		_, err := w.Write([]byte("text"))
		fmt.Println(name, err)
	}
}
GO
go version
same "café.log <nil>
日志.log gzip.Write: non-Latin-1 header string" "$(./finding)"
