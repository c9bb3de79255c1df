// Package wire makes benchmark rows for clients that send over sockets.
package wire

import (
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/internal/sockets"
)

// Opener opens something that sends to an address. What it opens it closes by b.Cleanup.
type Opener = func(b *testing.B, network, address string) (call func() error, err error)

// Alone is the Run of a row that has a sink for itself.
func Alone(network string, open Opener) func(b *testing.B) error {
	return suite.Calls(func(b *testing.B) (func() error, error) {
		address, err := sockets.Sink(b, network)
		if err != nil {
			return nil, err
		}
		return open(b, network, address)
	})
}

// InTurns is suite.InTurns of two that send to one sink.
func InTurns(network string, of, against Opener) func(b *testing.B) error {
	return func(b *testing.B) error {
		address, err := sockets.Sink(b, network)
		if err != nil {
			return err
		}
		side := func(open Opener) suite.Side {
			return suite.Side{Open: func(b *testing.B) (func() error, error) { return open(b, network, address) }}
		}
		return suite.InTurns(side(of), side(against))(b)
	}
}
