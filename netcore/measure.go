package netcore

import (
	"errors"
	"fmt"
	"math/big"
)

// expansion is by how much a record may be larger than the largest frame, when what is shared in it is written out.
const expansion = 4

// maxNesting is how deep values may be nested.
const maxNesting = 100

// measure counts what a value is when all that is shared in it is written out, and gives up at a limit, so that a small frame
// cannot become a large record.
type measure struct{ values, bytes int }

var (
	errExpands = errors.New("pickle is too large when what it shares is written out")
	errCycle   = errors.New("pickle holds a value that contains itself")
	errNesting = fmt.Errorf("pickle is nested deeper than %d", maxNesting)
)

func (m *measure) add(v any, depth int) error {
	m.values--
	m.bytes -= size(v)
	switch {
	case m.values < 0 || m.bytes < 0:
		return errExpands
	case depth > maxNesting:
		return errNesting
	}
	switch v := v.(type) {
	case *list:
		return m.inside(&v.open, depth, v.items)
	case *dict:
		return m.inside(&v.open, depth, v.items)
	}
	return nil
}

func (m *measure) inside(open *bool, depth int, items []any) error {
	if *open {
		return errCycle
	}
	*open = true
	defer func() { *open = false }()
	for _, v := range items {
		if err := m.add(v, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func size(v any) int {
	switch v := v.(type) {
	case text:
		return len(*v)
	case []byte:
		return len(v)
	case number:
		return len(v)
	case *global:
		return len(v.module) + len(v.name)
	case *instance:
		return len(v.class.module) + len(v.class.name)
	case *big.Int:
		return v.BitLen() / 3
	}
	return 8
}
