package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// server is go-smtp on a loopback port. Its faults are set before the first mail.
type server struct {
	addr   string
	client *tls.Config // what trusts it; nil without TLS

	refuse []string      // recipients that do not exist
	stalls string        // the command that is never answered
	done   chan struct{} // closed at the end

	mu      sync.Mutex // guards the fields below
	closing string     // the command that is answered by 421: MAIL, RCPT or DATA
	refused int        // how often it was
	mails   []mail     // the first ones
	stored  int        // all of them
}

// mail is one that the server took.
type mail struct {
	from string
	to   []string
	data []byte
}

// keep is how many mails a server keeps: enough for the tests, and no load for the benchmarks.
const keep = 100

// start completes s and starts it; stop ends it.
func (s *server) start(secure bool) (stop func(), err error) {
	s.done = make(chan struct{})
	smtpServer := smtp.NewServer(s)
	smtpServer.Domain = "localhost"
	smtpServer.MaxLineLength = 998
	smtpServer.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		if smtpServer.TLSConfig, s.client, err = certificate(); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = l.Addr().String()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = smtpServer.Serve(l)
	}()
	return func() {
		close(s.done)
		_ = smtpServer.Close()
		<-ended
	}, nil
}

func (s *server) taken() []mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// count returns how many mails the server took.
func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored
}

// forget makes the server as new.
func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails, s.stored = nil, 0
}

// refusals returns how often the server said 421.
func (s *server) refusals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// heal makes the server take everything.
func (s *server) heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = ""
}

// NewSession implements smtp.Backend.
func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }

type session struct {
	*server
	mail mail
}

const username, password = "orders", "secret"

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != username || pass != password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// at is what goes wrong at a command.
func (s *session) at(command string) error {
	if s.stalls == command {
		<-s.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing == command {
		s.refused++
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "shutting down"}
	}
	return nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = mail{from: from}
	return s.at("MAIL")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if slices.Contains(s.refuse, to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	s.mail.to = append(s.mail.to, to)
	return s.at("RCPT")
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.at("DATA"); err != nil {
		return err
	}
	s.mail.data = data
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored++
	if len(s.mails) < keep {
		s.mails = append(s.mails, s.mail)
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// certificate returns a server's certificate, which is its own authority, and a client that trusts it.
func certificate() (server, client *tls.Config, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return server, &tls.Config{RootCAs: pool}, nil
}
