package sysloghandler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

const journalSupported = true

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// journalDialer returns a Dial that connects to the journal's socket, using dial if it is not nil.
func journalDialer(dial dialFunc) dialFunc {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		conn, err := dial(ctx, "unixgram", address)
		if socket, ok := conn.(*net.UnixConn); ok && err == nil {
			return &journalConn{socket, unix.MemfdCreate}, nil
		}
		return conn, err
	}
}

// journalConn is a connection to the journal's socket. An entry too large for a datagram is passed in a memory file, which is sealed
// so that the journal can trust it.
type journalConn struct {
	*net.UnixConn
	newFile func(name string, flags int) (fd int, err error) // unix.MemfdCreate; tests replace it
}

// Write implements net.Conn.
func (c *journalConn) Write(b []byte) (int, error) {
	n, err := c.UnixConn.Write(b)
	if err == nil || !errors.Is(err, unix.EMSGSIZE) && !errors.Is(err, unix.ENOBUFS) {
		return n, err
	}
	failed := c.pass(b)
	switch {
	case failed == nil:
		return len(b), nil
	case errors.Is(err, unix.EMSGSIZE) && isForbidden(failed): // to try again would be in vain
		return 0, fmt.Errorf("%w, and no file can be passed: %w", unix.EMSGSIZE, failed)
	}
	return 0, failed
}

// isForbidden tells whether the system, or the filter of a container, does not do such things.
func isForbidden(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EINVAL)
}

// pass sends b in a sealed memory file.
func (c *journalConn) pass(b []byte) error {
	fd, err := c.newFile("journal entry", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "journal entry")
	defer func() { _ = file.Close() }()
	if _, err := file.Write(b); err != nil {
		return err
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("sealing a memfd: %w", err)
	}
	return c.sendDescriptor(int(file.Fd()))
}

// sendDescriptor sends a message that consists only of a file descriptor. Package net cannot do that on a connected datagram socket.
func (c *journalConn) sendDescriptor(fd int) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	err = raw.Write(func(socket uintptr) bool {
		sendErr = unix.Sendmsg(int(socket), nil, unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL)
		return !errors.Is(sendErr, unix.EAGAIN) // waits for room, until the deadline
	})
	if err != nil {
		return err
	}
	if sendErr != nil {
		return fmt.Errorf("sendmsg: %w", sendErr)
	}
	return nil
}
