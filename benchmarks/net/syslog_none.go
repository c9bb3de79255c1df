//go:build windows || plan9

package net

import (
	"fmt"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
)

// openSyslog leaves log/syslog out: this system has none.
func openSyslog(*testing.B, string, string) (func() error, error) {
	return nil, fmt.Errorf("%w: no log/syslog on this system", suite.ErrLeftOut)
}
