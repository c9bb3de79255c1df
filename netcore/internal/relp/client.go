package relp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
)

// Window holds the messages until they are answered.
type Window interface {
	// Acknowledge notes that everything up to the message with that number was answered.
	Acknowledge(sequence uint64) error
	// Reject notes that a message was refused. It still counts as answered.
	Reject()
	// Ahead notes how many messages were taken although one before them was not answered.
	Ahead(messages uint64)
}

// Client is the client's side of one connection. Append and AppendClose are for one goroutine, Receive for another.
type Client struct {
	window Window

	transaction atomic.Uint64 // number of the last one
	closing     atomic.Uint64 // number of the one that ends the session; 0: none yet

	// owned by Receive
	answered uint64          // everything up to this window number was answered
	early    map[uint64]bool // transactions that were answered with a gap before them, and whether they were taken
	taken    uint64          // how many of early were taken
	pending  uint64          // the oldest transaction without an answer
}

const (
	maxTransaction = 999999999
	// maxData is the longest answer, in bytes.
	maxData = 32 << 10
	maxHead = len("999999999 serverclose 999999999 ")
)

// Open begins a session over conn. first is the window's number for the first message that will be appended.
func Open(conn io.ReadWriter, window Window, first uint64) (*Client, error) {
	c := &Client{window: window, answered: first - 1, pending: 2, early: make(map[uint64]bool)}
	c.transaction.Store(1)
	const offers = "relp_version=0\nrelp_software=zaphandlers\ncommands=syslog"
	if _, err := conn.Write(appendFrame(nil, 1, "open", []byte(offers))); err != nil {
		return nil, err
	}
	answer, err := readFrame(conn)
	switch {
	case err != nil:
		return nil, err
	case answer.transaction != 1 || answer.command != "rsp":
		return nil, fmt.Errorf("the receiver answers open with %q", answer.command)
	case !answer.ok():
		return nil, fmt.Errorf("the receiver refuses the session: %.100q", answer.data)
	case !offersSyslog(answer.data):
		return nil, errors.New("the receiver does not offer the command syslog")
	}
	return c, nil
}

// offersSyslog reports whether an answer to open lists the command syslog, in any case and with any blanks around it.
func offersSyslog(data []byte) bool {
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		name, commands, _ := bytes.Cut(line, []byte("="))
		if !bytes.EqualFold(bytes.TrimSpace(name), []byte("commands")) {
			continue
		}
		for command := range bytes.SplitSeq(commands, []byte(",")) {
			if bytes.EqualFold(bytes.TrimSpace(command), []byte("syslog")) {
				return true
			}
		}
	}
	return false
}

// Append appends a message as the next transaction to dst.
func (c *Client) Append(dst, message []byte) []byte {
	return appendFrame(dst, c.next(), "syslog", message)
}

// AppendClose appends the frame that ends the session to dst. The receiver closes the connection after it.
func (c *Client) AppendClose(dst []byte) []byte {
	transaction := c.next()
	c.closing.Store(transaction)
	return appendFrame(dst, transaction, "close", nil)
}

// next begins a transaction and returns its number.
func (c *Client) next() uint64 {
	transaction := after(c.transaction.Load())
	c.transaction.Store(transaction)
	return transaction
}

func after(transaction uint64) uint64 { return transaction%maxTransaction + 1 }

// distance returns how many transactions to comes after from.
func distance(from, to uint64) uint64 { return (to + maxTransaction - from) % maxTransaction }

func appendFrame(dst []byte, transaction uint64, command string, data []byte) []byte {
	dst = strconv.AppendUint(dst, transaction, 10)
	dst = append(append(append(dst, ' '), command...), ' ')
	dst = strconv.AppendInt(dst, int64(len(data)), 10)
	if len(data) > 0 {
		dst = append(append(dst, ' '), data...)
	}
	return append(dst, '\n')
}

var (
	errServerClose = errors.New("the receiver has closed the session")
	errNoFrame     = errors.New("the receiver sends what is no frame of RELP")
	errNotSent     = errors.New("the receiver answers what was not sent to it")
	errNoCode      = errors.New("the receiver's answer says neither yes nor no: it has no code of three digits")
)

// Receive reads answers, and returns the bytes of an incomplete one.
func (c *Client) Receive(b []byte) (rest []byte, err error) {
	for {
		f, n, err := parse(b)
		switch {
		case err != nil:
			return nil, err
		case n == 0:
			return b, nil
		case f.command == "serverclose":
			return nil, errServerClose
		case f.command == "rsp":
			if err := c.receive(f); err != nil {
				return nil, err
			}
		}
		b = b[n:]
	}
}

func (c *Client) receive(f frame) error {
	if f.transaction != 0 && f.transaction == c.closing.Load() {
		return errServerClose
	}
	ahead, sent := distance(c.pending, f.transaction), distance(c.pending, after(c.transaction.Load()))
	_, again := c.early[f.transaction]
	switch {
	case f.transaction == 0 || f.transaction > maxTransaction || ahead >= sent && ahead <= maxTransaction/2:
		return errNotSent // it would count as the answer to a later message with that number
	case again || ahead >= sent:
		return nil // a repeated answer
	}
	if !f.hasCode() {
		return errNoCode
	}
	taken := f.ok()
	if ahead > 0 {
		if len(c.early) > maxData {
			return errNoFrame
		}
		c.early[f.transaction] = taken
		if taken {
			c.taken++
			c.window.Ahead(c.taken)
		}
		return nil
	}
	return c.advance(taken)
}

// advance notes that the pending message was answered, and with it those behind it that were answered before.
func (c *Client) advance(taken bool) error {
	before := c.taken
	for early := true; early; {
		if !taken {
			c.window.Reject() // not earlier: a message that is sent again is refused again
		}
		c.pending = after(c.pending)
		c.answered++
		if taken, early = c.early[c.pending]; taken {
			c.taken--
		}
		delete(c.early, c.pending)
	}
	err := c.window.Acknowledge(c.answered)
	if c.taken != before {
		c.window.Ahead(c.taken) // after Acknowledge, so that each message counts in at least one of them
	}
	return err
}

// frame is a frame from the receiver.
type frame struct {
	transaction uint64
	command     string
	data        []byte
}

// ok reports whether an answer has the code 200.
func (f frame) ok() bool { return f.hasCode() && string(f.data[:codeSize]) == "200" }

// codeSize is the size of the code at the beginning of an answer, in bytes.
const codeSize = 3

// hasCode reports whether an answer begins with a code.
func (f frame) hasCode() bool {
	if len(f.data) < codeSize || len(f.data) > codeSize && f.data[codeSize] != ' ' && f.data[codeSize] != '\n' {
		return false
	}
	for _, c := range f.data[:codeSize] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// parse returns the frame at the beginning of b and its size; 0 if it is incomplete.
func parse(b []byte) (f frame, n int, err error) {
	head := b[:min(len(b), maxHead)]
	number, head, ok := bytes.Cut(head, []byte(" "))
	if !ok {
		return f, 0, unfinished(b)
	}
	command, head, ok := bytes.Cut(head, []byte(" "))
	if !ok {
		return f, 0, unfinished(b)
	}
	digits := 0
	for digits < len(head) && head[digits] >= '0' && head[digits] <= '9' {
		digits++
	}
	if digits == len(head) {
		return f, 0, unfinished(b)
	}
	size, err := strconv.Atoi(string(head[:digits]))
	if err != nil || size > maxData {
		return f, 0, errNoFrame
	}
	if f.transaction, err = strconv.ParseUint(string(number), 10, 32); err != nil {
		return f, 0, errNoFrame
	}
	f.command = name(command)
	f.data, n, err = parseData(b, len(number)+1+len(command)+1+digits, size)
	return f, n, err
}

// parseData returns the data of a frame whose length ends at at, and where the frame ends; 0 if it is incomplete.
func parseData(b []byte, at, size int) (data []byte, n int, err error) {
	if size > 0 {
		at++ // the space
	}
	end := at + size + 1
	switch {
	case len(b) < end:
		return nil, 0, nil
	case b[end-1] != '\n' || size > 0 && b[at-1] != ' ':
		return nil, 0, errNoFrame
	}
	return b[at : end-1], end, nil
}

// name returns a command as a string, without a copy for frequent ones.
func name(command []byte) string {
	switch string(command) {
	case "rsp":
		return "rsp"
	case "serverclose":
		return "serverclose"
	}
	return string(command)
}

// unfinished returns an error if b is too long for an incomplete head.
func unfinished(b []byte) error {
	if len(b) >= maxHead {
		return errNoFrame
	}
	return nil
}

// readFrame reads one frame and not a byte more.
func readFrame(r io.Reader) (frame, error) {
	var b []byte
	for one := make([]byte, 1); len(b) < maxHead+maxData; {
		if _, err := io.ReadFull(r, one); err != nil {
			return frame{}, err
		}
		b = append(b, one[0])
		if one[0] != '\n' {
			continue // a frame ends in a newline
		}
		if f, n, err := parse(b); n > 0 || err != nil {
			return f, err
		}
	}
	return frame{}, errNoFrame
}
