package main

import (
	"bufio"
	"fmt"
	"io"
	"net"

	"example.com/zaphandlers/sysloghandler"
)

// startRELP is RFC 5424 over RELP, as rsyslog's imrelp takes it, read by a parser that is not ours.
func startRELP(keep func(*record) error) (l link, err error) {
	addr, stop, err := serve(func(conn net.Conn) error { return readRELP(conn, keep) })
	if err != nil {
		return l, err
	}
	l.stop = stop
	l.core, err = sysloghandler.New(sysloghandler.Config{
		Network: "relp",
		Address: addr,
		Format:  sysloghandler.RFC5424,
		MaxSize: 2 * maxRecord, // nothing is to be cut
	})
	return l, err
}

// readRELP answers transactions until the client closes the session.
func readRELP(conn net.Conn, keep func(*record) error) error {
	for in := bufio.NewReader(conn); ; {
		transaction, command, data, err := readTransaction(in)
		if err != nil {
			return err
		}
		answer := "200 OK"
		switch command {
		case "open":
			answer = "200 OK\nrelp_version=0\nrelp_software=service\ncommands=syslog"
		case "close":
			_, err := fmt.Fprintf(conn, "%d rsp 0\n0 serverclose 0\n", transaction)
			return err
		case "syslog":
			r, err := parseSyslog(data)
			if err != nil {
				return fmt.Errorf("%w: %.80q", err, data)
			}
			if err := keep(r); err != nil {
				return err
			}
		default:
			return fmt.Errorf("transaction %d is %q", transaction, command)
		}
		if end, err := in.ReadByte(); err != nil || end != '\n' {
			return fmt.Errorf("transaction %d ends with %q: %w", transaction, end, err)
		}
		if _, err := fmt.Fprintf(conn, "%d rsp %d %s\n", transaction, len(answer), answer); err != nil {
			return err
		}
	}
}

// readTransaction reads what stands before the newline at the end of a transaction.
func readTransaction(in *bufio.Reader) (number int, command string, data []byte, err error) {
	var size int
	if _, err := fmt.Fscanf(in, "%d %s %d", &number, &command, &size); err != nil || size == 0 {
		return number, command, nil, err
	}
	if _, err := in.Discard(1); err != nil { // the space
		return number, command, nil, err
	}
	data = make([]byte, size)
	_, err = io.ReadFull(in, data)
	return number, command, data, err
}
