package faults

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/RackSec/srslog"
	"github.com/fluent/fluent-logger-golang/fluent"
	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
	"gopkg.in/Graylog2/go-gelf.v2/gelf"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/sysloghandler"
)

// client is a handler that sends over TCP, and the peer that understands it.
type client struct {
	name string
	peer receiver
	open func(address string) (sender, error)
}

// sender is a client at work.
type sender interface {
	send(text string) error
	close() (dropped int, err error)
}

// retryStart is how long a handler of ours leaves a destination alone at first, so that it is there again when it is.
const retryStart = time.Millisecond

func ignore(error) {}

var (
	oursNetcore = client{"netcore", delimited('\n'), func(address string) (sender, error) {
		core, err := netcore.New(netcore.Config{Address: address, RetryStart: retryStart, RetryFactor: 1, OnError: ignore})
		return coreSender{core, core.Close}, err
	}}
	oursAcked = client{"netcore, Ack", server, func(address string) (sender, error) {
		core, err := netcore.New(netcore.Config{Address: address, Ack: true, Formatter: netcore.Records(), RetryStart: retryStart, RetryFactor: 1, OnError: ignore})
		return coreSender{core, core.Close}, err
	}}
	oursForward = client{"netcore, Forward, Ack", forwarded, func(address string) (sender, error) {
		core, err := netcore.New(netcore.Config{Address: address, Ack: true, Formatter: netcore.Forward(netcore.ForwardConfig{Tag: "shop"}),
			RetryStart: retryStart, RetryFactor: 1, OnError: ignore})
		return coreSender{core, core.Close}, err
	}}
	oursRELP = client{"sysloghandler, RELP", answered, func(address string) (sender, error) {
		core, err := sysloghandler.New(sysloghandler.Config{Network: "relp", Address: address, RetryStart: retryStart, RetryFactor: 1, OnError: ignore})
		return coreSender{core, core.Close}, err
	}}
	oursSyslog = client{"sysloghandler", counted, func(address string) (sender, error) {
		core, err := sysloghandler.New(sysloghandler.Config{Network: "tcp", Address: address, RetryStart: retryStart, RetryFactor: 1, OnError: ignore})
		return coreSender{core, core.Close}, err
	}}
	oursQueued = client{"queuecore, netcore", delimited('\n'), func(address string) (sender, error) {
		core, err := netcore.New(netcore.Config{Address: address, RetryStart: retryStart, RetryFactor: 1, OnError: ignore})
		if err != nil {
			return nil, err
		}
		queue, err := queuecore.New(queuecore.Config{
			Targets: []queuecore.TargetConfig{{Core: core, RetryStart: retryStart, RetryFactor: 1}}, OnError: ignore,
		})
		return queueSender{queue, core}, err
	}}
	oursPosted = client{"queuecore, httpcore", posted, func(address string) (sender, error) {
		core, err := httpcore.New(httpcore.Config{URL: "http://" + address + "/", Envelope: httpcore.JSONLines(), RetryStart: retryStart, RetryFactor: 1, OnError: ignore})
		if err != nil {
			return nil, err
		}
		queue, err := queuecore.New(queuecore.Config{
			Targets: []queuecore.TargetConfig{{Core: core, RetryStart: retryStart, RetryFactor: 1}}, OnError: ignore,
		})
		return queueSender{queue, core}, err
	}}
)

// The rivals, each as its documentation says.
var (
	srslogOctets = client{"srslog", counted, func(address string) (sender, error) {
		w, err := srslog.Dial("tcp", address, srslog.LOG_INFO|srslog.LOG_USER, "shop")
		if err != nil {
			return nil, err
		}
		w.SetFormatter(srslog.RFC5424Formatter)
		w.SetFramer(srslog.RFC5425MessageLengthFramer)
		return sending{w.Info, w.Close}, nil
	}}
	goGELF = client{"go-gelf", delimited(0), func(address string) (sender, error) {
		w, err := gelf.NewTCPWriter(address)
		if err != nil {
			return nil, err
		}
		w.ReconnectDelay = 0 // it sleeps a second otherwise
		return sending{func(text string) error {
			return w.WriteMessage(&gelf.Message{Version: "1.1", Host: "web7", Short: text, TimeUnix: 1.7e9, Level: 6})
		}, w.Close}, nil
	}}
	plainPost = client{"net/http", posted, func(address string) (sender, error) {
		transport := &http.Transport{}
		c := &http.Client{Transport: transport, Timeout: time.Second}
		return sending{func(text string) error {
			resp, err := c.Post("http://"+address+"/", "text/plain", strings.NewReader(text))
			if err != nil {
				return err
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return errors.New(resp.Status)
			}
			return nil
		}, func() error { transport.CloseIdleConnections(); return nil }}, nil
	}}
	fluentSync  = client{"fluent", forwarded, fluentClient(fluent.Config{})}
	fluentAcked = client{"fluent, RequestAck", forwarded, fluentClient(fluent.Config{RequestAck: true, ReadTimeout: time.Second})}
)

func fluentClient(cfg fluent.Config) func(string) (sender, error) {
	return func(address string) (sender, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		cfg.FluentHost = host
		cfg.RetryWait, cfg.MaxRetry = 1, 2 // as short as the others': it waits half a second otherwise, and 13 times
		if cfg.FluentPort, err = strconv.Atoi(port); err != nil {
			return nil, err
		}
		f, err := fluent.New(cfg)
		return sending{func(text string) error {
			return f.Post("shop", map[string]string{"message": text})
		}, f.Close}, err
	}
}

// sending is a sender of two functions.
type sending struct {
	write func(text string) error
	end   func() error
}

func (s sending) send(text string) error { return s.write(text) }
func (s sending) close() (int, error)    { return 0, s.end() }

// coreSender is one of our Cores.
type coreSender struct {
	core zapcore.Core
	end  func() error
}

func (c coreSender) send(text string) error {
	return c.core.Write(zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), Message: text}, nil)
}

func (c coreSender) close() (int, error) { return 0, c.end() }

// queueSender is our queue in front of a Core.
type queueSender struct {
	queue *queuecore.Core
	core  io.Closer
}

func (q queueSender) send(text string) error { return coreSender{core: q.queue}.send(text) }

func (q queueSender) close() (int, error) {
	err := q.queue.Close()
	return int(q.queue.Stats().Dropped), multierr.Append(err, q.core.Close())
}
