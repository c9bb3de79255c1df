//go:build windows || plan9

package net

import (
	"fmt"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
)

// stdlib leaves log/syslog out: this system has none.
func stdlib(string) []suite.Row {
	return []suite.Row{{Name: "log/syslog, JSON", Run: func(*testing.B) error {
		return fmt.Errorf("%w: no log/syslog on this system", suite.ErrLeftOut)
	}}}
}
