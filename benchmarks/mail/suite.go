package mail

import (
	"bytes"
	"testing"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/mailcore"
	base "example.com/zaphandlers/zapcore"
)

// Suite is the benchmarks of this package.
var Suite = suite.Suite{Name: "Mail", Tables: tables(), Bounds: bounds}

// way is one way to send the message of a core, again and again. close may be nil.
type way func(s *server, message []byte) (send, close func() error, err error)

func tables() (tables []suite.Table) {
	for _, place := range []struct {
		name         string
		secure, kept bool
		n            int
	}{
		{"plain, kept", false, true, 5000},
		{"plain, dialled", false, false, 1500},
		{"STARTTLS, kept", true, true, 5000},
		{"STARTTLS, dialled", true, false, 300},
	} {
		t := suite.Table{Name: place.name, N: place.n, Rows: []suite.Row{
			row("net/smtp", place.secure, standard(place.kept)),
			row("mailcore", place.secure, ours(place.kept)),
			row("go-mail", place.secure, goMail(place.kept)),
		}}
		if !place.kept && !place.secure {
			t.Rows = append(t.Rows, suite.Row{Name: "Python SMTPHandler", N: 50, Run: python})
		}
		tables = append(tables, t)
	}
	return append(tables, digests(), floods())
}

// row sends b.N mails.
func row(name string, secure bool, w way) suite.Row {
	return suite.Row{Name: name, Run: func(b *testing.B) error {
		message, err := written(secure)
		if err != nil {
			return err
		}
		return against(b, secure, b.N+1, func(s *server) (send, close func() error, err error) { return w(s, message) })
	}}
}

// against measures b.N mails to a server, and counts those that are lost of what it should have in the end.
func against(b *testing.B, secure bool, mails int, open func(*server) (send, close func() error, err error)) error {
	s := new(server)
	stop, err := s.start(secure)
	if err != nil {
		return err
	}
	defer stop()
	send, done, err := open(s)
	if err != nil {
		return err
	}
	err = send() // dials, and finds the memory it needs
	b.ResetTimer()
	for n := 1; n < mails && err == nil; n++ {
		err = send()
	}
	b.StopTimer()
	b.ReportMetric(float64(mails-s.count())/float64(mails), "lost/op")
	if done != nil {
		err = multierr.Append(err, done())
	}
	return err
}

const text = "out of stock: item 4711 was ordered 12 times and 3 are left; the customer has been told, and the supplier too"

var fields = []zapcore.Field{zap.String("method", "GET"), zap.Int("status", 500), zap.Duration("elapsed", time.Second)}

func entry() zapcore.Entry {
	return zapcore.Entry{Level: zapcore.ErrorLevel, Time: time.Now(), Message: text}
}

// written returns the message that a core sends.
func written(secure bool) ([]byte, error) {
	s := new(server)
	stop, err := s.start(secure)
	if err != nil {
		return nil, err
	}
	defer stop()
	send, done, err := ours(true)(s, nil)
	if err == nil {
		err = multierr.Append(send(), done())
	}
	if err != nil {
		return nil, err
	}
	return s.taken()[0].data, nil
}

func ours(kept bool) way {
	return func(s *server, _ []byte) (send, close func() error, err error) {
		core, err := mailcore.New(benchConfig(s, kept))
		if err != nil {
			return nil, nil, err
		}
		return func() error { return core.Write(entry(), fields) }, core.Close, nil
	}
}

// configFor returns a Config whose mails hold the message and nothing else.
func configFor(s *server) mailcore.Config {
	cfg := mailcore.Config{
		Addr:        s.addr,
		From:        "Orders ✓ <orders@example.com>",
		To:          []string{"ops@example.com", "Dev <dev@example.com>"},
		Encoder:     zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "msg"}),
		SubjectFunc: func(ent zapcore.Entry) string { return ent.Message },
		TLSConfig:   s.client,
		Timeout:     5 * time.Second,
	}
	if s.client != nil {
		cfg.Credentials = mailcore.Credentials{Username: username, Password: password}
	}
	return cfg
}

func benchConfig(s *server, kept bool) mailcore.Config {
	cfg := configFor(s)
	cfg.SubjectFunc, cfg.Subject = nil, "orders on web-3"
	cfg.MailsPerConnection = -1 // as the others: a kept connection is kept
	cfg.Encoder = zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig())
	if !kept {
		cfg.IdleTime = -1
	}
	return cfg
}

const digestSize = 1000

// digests is a record's share of a mail.
func digests() suite.Table {
	return suite.Table{Name: "digest", N: 100 * digestSize, Rows: []suite.Row{
		{Name: "a mail a record", N: 1000, Run: row("", false, ours(true)).Run},
		{Name: "net/smtp, 1,000 ready-made", Run: func(b *testing.B) error { return digest(b, true) }},
		{Name: "mailcore, 1,000", Run: func(b *testing.B) error { return digest(b, false) }},
	}}
}

// digest sends b.N records in mails of 1,000: by a core, or the same bytes by net/smtp.
func digest(b *testing.B, readyMade bool) error {
	var r base.Record
	if err := r.Capture(entry(), base.Context{}, fields); err != nil {
		return err
	}
	var batch base.Batch
	for range digestSize {
		batch.Add(r.Bytes())
	}
	mails := 1 + (b.N+digestSize-1)/digestSize
	return against(b, false, mails, func(s *server) (send, close func() error, err error) {
		core, err := mailcore.New(benchConfig(s, true))
		if err != nil {
			return nil, nil, err
		}
		send = func() error { _, err := core.WriteBatch(&batch); return err }
		if !readyMade {
			return send, core.Close, nil
		}
		if err := multierr.Append(send(), core.Close()); err != nil {
			return nil, nil, err
		}
		message := bytes.Clone(s.taken()[0].data)
		s.forget()
		return standard(true)(s, message)
	})
}

// floods is a record that the limit on mails holds back, beside one that zap's encoder makes for nobody.
func floods() suite.Table {
	return suite.Table{Name: "flood", N: 200_000, Rows: []suite.Row{
		{Name: "zap's core to nowhere", Run: func(b *testing.B) error {
			core := zapcore.NewCore(benchConfig(new(server), true).Encoder, zapcore.AddSync(nowhere{}), zapcore.DebugLevel)
			return writes(b, core)
		}},
		{Name: "mailcore, held", Run: func(b *testing.B) error {
			s := new(server)
			stop, err := s.start(false)
			if err != nil {
				return err
			}
			defer stop()
			cfg := benchConfig(s, true)
			cfg.Interval = time.Hour
			core, err := mailcore.New(cfg)
			if err != nil {
				return err
			}
			err = writes(b, core)
			return multierr.Append(err, core.Close())
		}},
	}}
}

// writes is b.N calls of core after a thousand others: the first is mailed, and the memory for those that are held found.
func writes(b *testing.B, core zapcore.Core) (err error) {
	ent := entry()
	for range 1000 {
		err = multierr.Append(err, core.Write(ent, fields))
	}
	b.ResetTimer()
	for i := 0; i < b.N && err == nil; i++ {
		err = core.Write(ent, fields)
	}
	b.StopTimer()
	return err
}

// nowhere takes bytes and forgets them.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
