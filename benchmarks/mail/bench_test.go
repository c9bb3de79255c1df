package mail

import (
	"net"
	"net/smtp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	gomail "github.com/wneessen/go-mail"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore"
)

// BenchmarkMail measures one mail, from the call to the server's 250: ours, net/smtp's of the very same bytes, and go-mail's.
func BenchmarkMail(b *testing.B) {
	for _, secure := range []bool{false, true} {
		transport := "plain"
		if secure {
			transport = "starttls"
		}
		for _, kept := range []bool{true, false} {
			connection := "dialled"
			if kept {
				connection = "kept"
			}
			name := transport + "/" + connection + "/"
			s := start(b, &server{}, secure)
			b.Run(name+"mailcore", func(b *testing.B) { benchmarkOurs(b, s, kept) })
			message := s.taken()[0].data
			b.Run(name+"net-smtp", func(b *testing.B) { benchmarkStandard(b, s, kept, message) })
			b.Run(name+"go-mail", func(b *testing.B) { benchmarkGoMail(b, s, kept) })
		}
	}
}

const text = "out of stock: item 4711 was ordered 12 times and 3 are left; the customer has been told, and the supplier too"

func benchConfig(s *server, kept bool) mailcore.Config {
	cfg := configFor(s)
	cfg.SubjectFunc, cfg.Subject = nil, "orders on web-3"
	cfg.Encoder = zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig())
	if !kept {
		cfg.IdleTime = -1
	}
	return cfg
}

var fields = []zapcore.Field{zap.String("method", "GET"), zap.Int("status", 500), zap.Duration("elapsed", time.Second)}

func mailOurs(core *mailcore.Core) error {
	return core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Time: time.Now(), Message: text}, fields)
}

func benchmarkOurs(b *testing.B, s *server, kept bool) {
	core := newCore(b, benchConfig(s, kept))
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, mailOurs(core))
	}
}

// dial is what net/smtp's SendMail does, except that the certificate is trusted.
func dial(b *testing.B, s *server) *smtp.Client {
	c, err := smtp.Dial(s.addr)
	require.NoError(b, err)
	require.NoError(b, c.Hello("localhost"))
	if s.client != nil {
		cfg := s.client.Clone()
		cfg.ServerName = "127.0.0.1"
		require.NoError(b, c.StartTLS(cfg))
		require.NoError(b, c.Auth(smtp.PlainAuth("", username, password, "127.0.0.1")))
	}
	return c
}

func benchmarkStandard(b *testing.B, s *server, kept bool, message []byte) {
	var c *smtp.Client
	if kept {
		c = dial(b, s)
	}
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, mailStandard(b, s, c, message))
	}
}

// mailStandard sends message over c or, if that is nil, over a connection of its own.
func mailStandard(b *testing.B, s *server, c *smtp.Client, message []byte) error {
	if c == nil {
		c = dial(b, s)
		defer func() { require.NoError(b, c.Quit()) }()
	}
	if err := c.Mail("orders@example.com"); err != nil {
		return err
	}
	for _, to := range []string{"ops@example.com", "dev@example.com"} {
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

func benchmarkGoMail(b *testing.B, s *server, kept bool) {
	host, port := splitPort(b, s.addr)
	options := []gomail.Option{gomail.WithPort(port), gomail.WithHELO("localhost")}
	if s.client == nil {
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	} else {
		cfg := s.client.Clone()
		cfg.ServerName = host
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithTLSConfig(cfg),
			gomail.WithSMTPAuth(gomail.SMTPAuthPlain), gomail.WithUsername(username), gomail.WithPassword(password))
	}
	c, err := gomail.NewClient(host, options...)
	require.NoError(b, err)
	if kept {
		require.NoError(b, c.DialWithContext(b.Context()))
		defer func() { require.NoError(b, c.Close()) }()
	}
	b.ReportAllocs()
	for b.Loop() {
		m := gomail.NewMsg()
		require.NoError(b, m.From("orders@example.com"))
		require.NoError(b, m.To("ops@example.com", "dev@example.com"))
		m.Subject("orders on web-3")
		m.SetBodyString(gomail.TypeTextPlain, text)
		if kept {
			require.NoError(b, c.Send(m))
		} else {
			require.NoError(b, c.DialAndSend(m))
		}
	}
}

func splitPort(b *testing.B, addr string) (host string, port int) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	require.NoError(b, err)
	return tcp.IP.String(), tcp.Port
}
