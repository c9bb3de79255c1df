package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"example.com/zaphandlers/sysloghandler"
)

// startJournal is the native protocol of systemd's journal. The socket is one of the program's own, for the machine's journal is not to be
// filled, and may well not be there.
func startJournal(keep func(*record) error) (l link, err error) {
	path, err := socketPath()
	if err != nil {
		return l, err
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return l, err
	}
	var reading sync.WaitGroup
	var failure error
	reading.Go(func() { failure = readJournal(conn, keep) })
	l.stop = func() error {
		// What was sent is in the socket. An empty datagram says that no more comes.
		end, err := net.Dial("unixgram", path)
		if err == nil {
			_, err = end.Write(nil)
			err = errors.Join(err, end.Close())
		}
		if err != nil {
			_ = conn.Close()
		}
		reading.Wait()
		return errors.Join(err, failure, conn.Close(), os.RemoveAll(filepath.Dir(path)))
	}
	l.core, err = sysloghandler.New(sysloghandler.Config{Network: "journal", Address: path, MaxSize: 2 * maxRecord})
	return l, err
}

// socketPath returns where a socket may be: the path of one is short.
func socketPath() (string, error) {
	dir, err := os.MkdirTemp("", "journal-")
	return filepath.Join(dir, "socket"), err
}

// readJournal reads an entry a datagram, or from the file that comes with an empty one, until there is neither.
func readJournal(conn *net.UnixConn, keep func(*record) error) error {
	b, control := make([]byte, 1<<20), make([]byte, unix.CmsgSpace(4))
	for {
		n, controls, _, _, err := conn.ReadMsgUnix(b, control)
		if err != nil {
			return err
		}
		entry := b[:n]
		switch {
		case controls > 0:
			if entry, err = passed(control[:controls]); err != nil {
				return err
			}
		case n == 0:
			return nil
		}
		r, err := parseJournal(entry)
		if err != nil {
			return err
		}
		if err := keep(r); err != nil {
			return err
		}
	}
}

// passed returns what is in a file that came with a datagram.
func passed(control []byte) ([]byte, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fds[0]), "entry")
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(file, 0, info.Size()))
}

// parseJournal makes a record of an entry: a line for a field, "NAME=value", or a name, and behind it the value's length, 64 bits,
// little-endian, and the value.
func parseJournal(entry []byte) (*record, error) {
	fields := map[string]string{}
	for rest := entry; len(rest) > 0; {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("a field has no end: %.80q", rest)
		}
		name, value, ok := bytes.Cut(line, []byte("="))
		if !ok {
			if len(after) < 8 {
				return nil, fmt.Errorf("a field has no length: %.80q", rest)
			}
			size := binary.LittleEndian.Uint64(after)
			if after = after[8:]; uint64(len(after)) < size+1 {
				return nil, fmt.Errorf("a field is shorter than it says: %.80q", rest)
			}
			value, after = after[:size], after[size+1:]
		}
		fields[string(name)] = string(value)
		rest = after
	}
	r := &record{Message: fields["MESSAGE"]}
	if p := fields["PRIORITY"]; len(p) == 1 {
		r.Level = syslogLevels[p[0]-'0']
	}
	named := make(map[string]string)
	for name, value := range fields {
		named[string(bytes.ToLower([]byte(name)))] = value
	}
	if err := r.setFields(named); err != nil {
		return nil, err
	}
	r.restoreNULs()
	return r, nil
}
