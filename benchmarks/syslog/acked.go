package syslog

import (
	"bufio"
	"io"
	"net"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
)

// relpBatch sends batches to a receiver that acknowledges each message. Close fails the row if one was not acknowledged.
func relpBatch(b *testing.B, _ *base.Batch) (writeBatch, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	receiver := sockets.Serve(b, listener, func(conn net.Conn) { _ = acknowledge(conn) })
	core, err := newCore(b, sysloghandler.Config{Network: "relp", Address: receiver.Address()})
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { // before the receiver ends
		if err := core.Close(); err != nil {
			b.Error(err)
		}
		if stats := core.Stats(); stats.Pending > 0 || stats.Dropped > 0 {
			b.Errorf("not all was acknowledged: %+v", stats)
		}
	})
	return core.WriteBatch, nil
}

// acknowledge is the server's side of RELP, as far as a client that sends messages needs it: it answers each frame, and writes its
// answers when it has read all that has come.
func acknowledge(conn net.Conn) error {
	in, out := bufio.NewReaderSize(conn, 256<<10), []byte(nil)
	for {
		head, err := in.ReadSlice(' ')
		if err != nil {
			return err
		}
		out = append(out, head...)
		if head, err = in.ReadSlice(' '); err != nil {
			return err
		}
		message := string(head) == "syslog "
		if string(head) == "open " {
			out = append(out, "rsp 37 200 OK\nrelp_version=0\ncommands=syslog\n"...)
		} else {
			out = append(out, "rsp 6 200 OK\n"...)
		}
		length, end := 0, byte(0)
		for end, err = in.ReadByte(); err == nil && end >= '0' && end <= '9'; end, err = in.ReadByte() {
			length = 10*length + int(end-'0')
		}
		if err == nil && end == ' ' { // the data, and the newline behind it
			_, err = in.Discard(length + 1)
		}
		if err == nil && (in.Buffered() == 0 || !message) {
			_, err = conn.Write(out)
			out = out[:0]
		}
		if err != nil {
			return err
		}
	}
}

// journals are rows of entries for systemd's journal: what a Core takes for one, beside the system call of it.
func journals() []suite.Row {
	return []suite.Row{
		{Name: "sysloghandler", Run: suite.Calls(journal)},
		{Name: "a bare send of the same bytes", Run: suite.Calls(send)},
		{Name: "sysloghandler and a bare send of the same bytes in turns", Run: suite.InTurns(suite.Side{Open: journal}, suite.Side{Open: send})},
	}
}

// journal is a Core that writes each record by itself.
func journal(b *testing.B) (func() error, error) {
	address, err := sockets.Sink(b, "unixgram")
	if err != nil {
		return nil, err
	}
	core, err := newCore(b, sysloghandler.Config{Network: "journal", Address: address})
	if err != nil {
		return nil, err
	}
	ent := entry()
	return func() error { return core.Write(ent, fields) }, nil
}

// send sends one entry, as a Core made it, again and again.
func send(b *testing.B) (func() error, error) {
	ready, err := journalEntry(b)
	if err != nil {
		return nil, err
	}
	address, err := sockets.Sink(b, "unixgram")
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("unixgram", address)
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { _ = conn.Close() })
	return func() error { _, err := conn.Write(ready); return err }, nil
}

// journalEntry returns the datagram that a Core sends.
func journalEntry(b *testing.B) ([]byte, error) {
	conn, err := net.ListenPacket("unixgram", sockets.Path(b))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	core, err := newCore(b, sysloghandler.Config{Network: "journal", Address: conn.LocalAddr().String()})
	if err != nil {
		return nil, err
	}
	if err := core.Write(entry(), fields); err != nil {
		return nil, err
	}
	buf := make([]byte, 64<<10)
	n, _, err := conn.ReadFrom(buf)
	if err == io.EOF || n == 0 {
		err = io.ErrUnexpectedEOF
	}
	return buf[:n], err
}
