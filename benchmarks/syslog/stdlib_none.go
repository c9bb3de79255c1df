//go:build windows || plan9

package syslog

import (
	"fmt"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
)

// stdlib leaves log/syslog out: this system has none.
func stdlib(*testing.B, string, string) (func() error, error) {
	return nil, fmt.Errorf("%w: no log/syslog on this system", suite.ErrLeftOut)
}

var stdlibJSON = stdlib
