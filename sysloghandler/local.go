package sysloghandler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"

	"go.uber.org/multierr"

	"example.com/zaphandlers/internal/hosts"
)

// localSockets are where the local daemon listens on Linux, macOS and the BSDs, as in log/syslog.
var localSockets = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

// localDialer returns a Dial that connects to the first of paths where a daemon listens: a datagram socket, or else a stream, as
// Python's SysLogHandler does.
func localDialer(paths []string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		var failed error
		for _, path := range paths {
			for _, network := range []string{"unixgram", "unix"} {
				conn, err := dialer.DialContext(ctx, network, path)
				if err == nil {
					return conn, nil
				}
				if !errors.Is(err, fs.ErrNotExist) {
					failed = multierr.Append(failed, err)
				}
			}
		}
		if failed != nil {
			return nil, failed
		}
		return nil, fmt.Errorf("no daemon listens at %s", strings.Join(paths, ", "))
	}
}

// isSocket reports whether address can only be the path of a unix socket, or a name in Linux's abstract namespace ("@log", in Python
// with a NUL): no host begins like that.
func isSocket(address string) bool {
	for _, start := range []string{"/", "./", "../", "@", "\x00"} {
		if strings.HasPrefix(address, start) {
			return true
		}
	}
	return false
}

// absolute makes a relative path absolute, because the program may change its working directory.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil && path[0] == '.' && noSocket(whole) == "" {
		return whole
	}
	return path
}

// noSocket returns why no unix socket can have that path, as the end of an error; "" if one can.
func noSocket(path string) string {
	switch {
	case !isSocket(path) && !filepath.IsAbs(path):
		return " has to be the path of a unix socket"
	case strings.Contains(path[1:], "\x00"):
		return ": there is a NUL in the path"
	case len(path) > hosts.LongestSocketPath:
		return fmt.Sprintf(" has %d bytes: the path of a unix socket has at most %d", len(path), hosts.LongestSocketPath)
	}
	return ""
}
