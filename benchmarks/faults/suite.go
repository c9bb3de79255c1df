package faults

import (
	"slices"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
)

// Suite is the benchmarks of this package. An operation is a record.
var Suite = suite.Suite{Name: "Faults", Tables: tables(), Bounds: bounds}

// fault is what befalls a destination, and the handlers that meet it.
type fault struct {
	name     string
	records  int
	handlers []handler
}

// handler is one that meets a fault with some records.
type handler struct {
	name string
	meet func(records int) (outcome, error)
}

func faults() []fault { return slices.Concat(networkFaults(), fileFaults(), queueFaults()) }

func tables() (tables []suite.Table) {
	for _, f := range faults() {
		t := suite.Table{Name: f.name, N: f.records}
		for _, h := range f.handlers {
			t.Rows = append(t.Rows, suite.Row{Name: h.name, Run: func(b *testing.B) error {
				o, err := h.meet(b.N)
				o.report(b)
				return err
			}})
		}
		tables = append(tables, t)
	}
	return tables
}
