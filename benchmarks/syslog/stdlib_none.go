//go:build windows || plan9

package syslog

import (
	"fmt"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
)

// stdlib leaves log/syslog out: this system has none.
func stdlib(string) []suite.Row {
	none := func(*testing.B) error { return fmt.Errorf("%w: no log/syslog on this system", suite.ErrLeftOut) }
	return []suite.Row{{Name: "log/syslog", Run: none}, {Name: "log/syslog, zap JSON", Run: none}}
}
