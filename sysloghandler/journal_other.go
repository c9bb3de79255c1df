//go:build !linux

package sysloghandler

import (
	"context"
	"net"
)

const journalSupported = false

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// journalDialer is never called: New refuses Network "journal" here.
func journalDialer(dial dialFunc) dialFunc { return dial }
