package mail

import (
	"context"
	"fmt"
	"net"
	"net/smtp"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"example.com/zaphandlers/benchmarks/suite"
)

var recipients = []string{"ops@example.com", "dev@example.com"}

// standard sends the message by net/smtp.
func standard(kept bool) way {
	return func(s *server, message []byte) (send, close func() error, err error) {
		if !kept {
			return func() error {
				c, err := dial(s)
				if err != nil {
					return err
				}
				if err := mailStandard(c, message); err != nil {
					return err
				}
				return c.Quit()
			}, nil, nil
		}
		c, err := dial(s)
		if err != nil {
			return nil, nil, err
		}
		return func() error { return mailStandard(c, message) }, c.Quit, nil
	}
}

// dial is what net/smtp's SendMail does, except that the certificate is trusted.
func dial(s *server) (*smtp.Client, error) {
	c, err := smtp.Dial(s.addr)
	if err != nil {
		return nil, err
	}
	if err := c.Hello("localhost"); err != nil || s.client == nil {
		return c, err
	}
	cfg := s.client.Clone()
	cfg.ServerName = "127.0.0.1"
	if err := c.StartTLS(cfg); err != nil {
		return nil, err
	}
	return c, c.Auth(smtp.PlainAuth("", username, password, "127.0.0.1"))
}

func mailStandard(c *smtp.Client, message []byte) error {
	if err := c.Mail("orders@example.com"); err != nil {
		return err
	}
	for _, to := range recipients {
		if err := c.Rcpt(to); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	return w.Close()
}

// goMail makes the message and sends it by go-mail.
func goMail(kept bool) way {
	return func(s *server, _ []byte) (send, close func() error, err error) {
		c, err := goMailClient(s)
		if err != nil {
			return nil, nil, err
		}
		transmit := func(m *gomail.Msg) error { return c.DialAndSend(m) }
		if kept {
			if err := c.DialWithContext(context.Background()); err != nil {
				return nil, nil, err
			}
			transmit, close = func(m *gomail.Msg) error { return c.Send(m) }, c.Close
		}
		return func() error {
			m := gomail.NewMsg()
			if err := m.From("orders@example.com"); err != nil {
				return err
			}
			if err := m.To(recipients...); err != nil {
				return err
			}
			m.Subject("orders on web-3")
			m.SetBodyString(gomail.TypeTextPlain, text)
			return transmit(m)
		}, close, nil
	}
}

func goMailClient(s *server) (*gomail.Client, error) {
	tcp, err := net.ResolveTCPAddr("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	options := []gomail.Option{gomail.WithPort(tcp.Port), gomail.WithHELO("localhost")}
	if s.client == nil {
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	} else {
		cfg := s.client.Clone()
		cfg.ServerName = tcp.IP.String()
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithTLSConfig(cfg),
			gomail.WithSMTPAuth(gomail.SMTPAuthPlain), gomail.WithUsername(username), gomail.WithPassword(password))
	}
	return gomail.NewClient(tcp.IP.String(), options...)
}

// python is Python's SMTPHandler, a new connection for each record.
func python(b *testing.B) error {
	s := new(server)
	stop, err := s.start(false)
	if err != nil {
		return err
	}
	defer stop()
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	err = suite.Python(b, fmt.Sprintf(`
import logging, logging.handlers, time
logging.raiseExceptions = True
handler = logging.handlers.SMTPHandler((%q, %s), 'orders@example.com', ['ops@example.com', 'dev@example.com'], 'orders on web-3')
logger = logging.getLogger('shop'); logger.propagate = False; logger.addHandler(handler)
begin = time.perf_counter_ns()
for _ in range(n):
    logger.error(%q)
print((time.perf_counter_ns() - begin) / n)`, host, port, text))
	b.ReportMetric(float64(b.N-s.count())/float64(b.N), "lost/op")
	return err
}
