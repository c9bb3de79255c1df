package suite

import (
	"errors"
	"flag"
	"testing"
)

// Smoke runs each row once, with a few operations, and looks whether the bounds speak of rows there are, so that
// what breaks is found by the tests.
func (s Suite) Smoke(t *testing.T) {
	rows := map[string]bool{"": true}
	before := flag.Lookup("test.benchtime").Value.String()
	t.Cleanup(func() { _ = flag.Set("test.benchtime", before) })
	for _, table := range s.Tables {
		for _, row := range table.Rows {
			rows[table.Name+"/"+row.Name] = true
			t.Run(table.Name+"/"+row.Name, func(t *testing.T) {
				if row.N == 0 {
					row.N = table.N
				}
				row.N = min(20, row.N)
				_, err := turn(table.Name, table, row)
				if errors.Is(err, ErrLeftOut) {
					t.Skip(err)
				}
				if err != nil {
					t.Fatal(err)
				}
			})
		}
	}
	for _, b := range s.Bounds {
		for _, row := range []string{b.Of.Row, b.Of.Less, b.Against.Row, b.Against.Less} {
			if !rows[row] {
				t.Errorf("%s: there is no row %q", b.Claim, row)
			}
		}
	}
}
