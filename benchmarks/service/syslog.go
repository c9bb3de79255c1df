package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
	"github.com/leodido/go-syslog/v4/rfc5424"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// syslogDaemon is a queue in front of RFC 5424 messages, which a parser that is not ours reads back. The daemon is one of the
// program's own, which keeps what comes over each connection in a file:
//
//	logger ─► queue ─► Core ── octet counting, numbered ──► loopback ──► daemon ─► received-1.syslog
//
// Or it is the one of -syslog; then what the kernel took for it is kept in such files.
type syslogDaemon struct {
	target string // network://address; "" for one of its own

	queue    *queuecore.Core
	core     *sysloghandler.Core
	listener net.Listener
	serving  sync.WaitGroup
	dir      string
	files    atomic.Int64 // how many there are
}

func (d *syslogDaemon) open(dir string) (zapcore.Core, error) {
	d.dir = dir
	cfg, err := d.config()
	if err != nil {
		return nil, err
	}
	if d.core, err = sysloghandler.New(cfg); err == nil {
		d.queue, err = queuecore.New(queuecore.Config{Targets: queuecore.Targets(d.core)})
	}
	if err != nil {
		return nil, multierr.Append(err, d.close())
	}
	return d.queue, nil
}

// config returns how to reach the daemon, which it starts if it is to be one of the program's own.
func (d *syslogDaemon) config() (cfg sysloghandler.Config, err error) {
	cfg = sysloghandler.Config{Format: sysloghandler.RFC5424, SequenceID: true}
	if d.target != "" {
		target, err := url.Parse(d.target)
		if err != nil || target.Scheme == "" || target.Host+target.Path == "" {
			return cfg, fmt.Errorf("-syslog %s: write network://address, such as tcp://localhost:514 or unixgram:///dev/log", d.target)
		}
		if !slices.Contains([]string{"tcp", "udp", "unixgram"}, target.Scheme) {
			return cfg, fmt.Errorf("-syslog %s: the network has to be tcp, udp or unixgram", d.target)
		}
		cfg.Network, cfg.Address, cfg.Dial = target.Scheme, target.Host+target.Path, d.dial
		return cfg, nil
	}
	if d.listener, err = net.Listen("tcp", "localhost:0"); err != nil {
		return cfg, err
	}
	d.serving.Go(d.serve)
	cfg.Network, cfg.Address = "tcp", d.listener.Addr().String()
	cfg.MaxSize = 2 * maxRecord // nothing is to be cut
	return cfg, nil
}

// serve keeps what comes, until the listener is closed.
func (d *syslogDaemon) serve() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.serving.Go(func() {
			defer func() { _ = conn.Close() }()
			if file, err := d.newFile(); err == nil {
				_, _ = io.Copy(file, conn)
				_ = file.Close()
			}
		})
	}
}

func (d *syslogDaemon) newFile() (*os.File, error) {
	return os.Create(filepath.Join(d.dir, fmt.Sprintf("received-%d.syslog", d.files.Add(1))))
}

// dial opens a connection that keeps what is sent.
func (d *syslogDaemon) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	file, err := d.newFile()
	if err != nil {
		return nil, multierr.Append(err, conn.Close())
	}
	return &syslogKeeper{Conn: conn, file: file, datagrams: network != "tcp"}, nil
}

// syslogKeeper keeps what the kernel took, datagrams with their length before them as on a stream.
type syslogKeeper struct {
	net.Conn
	file      *os.File
	datagrams bool
}

func (k *syslogKeeper) Write(b []byte) (int, error) {
	n, err := k.Conn.Write(b)
	kept := b[:n]
	if k.datagrams && n > 0 {
		kept = append(strconv.AppendInt(nil, int64(n), 10), ' ')
		kept = append(kept, b[:n]...)
	}
	_, fileErr := k.file.Write(kept)
	return n, multierr.Append(err, fileErr)
}

func (k *syslogKeeper) Close() error { return multierr.Append(k.Conn.Close(), k.file.Close()) }

// close empties the queue into the connection, and waits until the daemon has read to its end.
func (d *syslogDaemon) close() (err error) {
	if d.queue != nil {
		err = d.queue.Close()
	}
	if d.core != nil {
		err = multierr.Append(err, d.core.Close())
	}
	if d.listener != nil {
		err = multierr.Append(err, d.listener.Close())
	}
	d.serving.Wait()
	return err
}

func (d *syslogDaemon) stats() base.Stats { return d.queue.Stats() }

func (d *syslogDaemon) readBack(t *tally) error {
	paths, err := filepath.Glob(filepath.Join(d.dir, "*.syslog"))
	for _, path := range paths {
		err = multierr.Append(err, readSyslog(t, path))
	}
	return err
}

// readSyslog gives t every whole message in a file.
func readSyslog(t *tally, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	t.files++
	messages := bufio.NewScanner(file)
	messages.Buffer(nil, 4*maxRecord)
	messages.Split(octetCounted)
	for n := 1; messages.Scan(); n++ {
		t.bytes += int64(len(messages.Bytes()))
		where := fmt.Sprintf("%s message %d", filepath.Base(path), n)
		r, err := parseSyslog(messages.Bytes())
		if err != nil {
			t.damaged.add(fmt.Sprintf("%s: %v: %.80q", where, err, messages.Bytes()))
			continue
		}
		t.add(r, where)
	}
	return messages.Err()
}

// octetCounted is a bufio.SplitFunc for RFC 6587 section 3.4.1. A message that is not there to its end is left out.
func octetCounted(data []byte, _ bool) (advance int, token []byte, err error) {
	digits, _, found := bytes.Cut(data, []byte(" "))
	if !found {
		return 0, nil, nil
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return 0, nil, err
	}
	from := len(digits) + 1
	if len(data) < from+n {
		return 0, nil, nil
	}
	return from + n, data[from : from+n], nil
}

// syslogLevels are zap's levels by severity.
var syslogLevels = map[uint8]zapcore.Level{
	3: zapcore.ErrorLevel, 4: zapcore.WarnLevel, 6: zapcore.InfoLevel, 7: zapcore.DebugLevel,
}

// parseSyslog makes a record of an RFC 5424 message.
func parseSyslog(message []byte) (*record, error) {
	parsed, err := rfc5424.NewParser().Parse(message)
	if err != nil {
		return nil, err
	}
	m := parsed.(*rfc5424.SyslogMessage)
	r := &record{Level: syslogLevels[*m.Severity]}
	if m.Message != nil {
		r.Message = *m.Message
	}
	if m.StructuredData == nil {
		return r, nil
	}
	if err := r.setFields((*m.StructuredData)["fields@32473"]); err != nil {
		return nil, err
	}
	r.restoreNULs()
	return r, nil
}

// restoreNULs turns the spelled-out NULs of a message back into NULs: syslog and the journal cannot hold any.
func (r *record) restoreNULs() {
	if r.Sum != r.checksum() {
		r.Message = strings.ReplaceAll(r.Message, `\x00`, "\x00")
	}
}

// setFields reads what was logged as fields.
func (r *record) setFields(fields map[string]string) (err error) {
	number := func(name string, bits int) (n int64) {
		text, there := fields[name]
		if !there || err != nil {
			return 0
		}
		n, err = strconv.ParseInt(text, 10, bits)
		return n
	}
	r.Seq, r.Sum = uint64(number("seq", 64)), uint32(number("sum", 64))
	r.Status, r.Bytes = int(number("status", 64)), number("bytes", 64)
	r.Method, r.Path, r.Remote = fields["method"], fields["path"], fields["remote"]
	r.RequestID, r.UserAgent, r.Error = fields["request_id"], fields["user_agent"], fields["error"]
	if text, there := fields["duration"]; there && err == nil {
		r.Duration, err = time.ParseDuration(text)
	}
	return err
}
