//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "readers: the tools and file systems are Linux's")
	os.Exit(2)
}
