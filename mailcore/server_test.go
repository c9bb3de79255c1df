package mailcore_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// server is an SMTP server in this process. It takes every mail, unless reply says otherwise.
type server struct {
	extensions []string    // offered beside STARTTLS and AUTH
	tls        *tls.Config // offered by STARTTLS if given
	implicit   bool        // spoken from the first byte
	mechanisms string      // offered by AUTH: "PLAIN LOGIN"
	// reply returns the answer to a line of the client's, or what hangUp and stall say; "" is the usual answer. "." is the
	// end of the content, and "greeting" the beginning.
	reply func(line string) string
	// judge returns the answer to a whole mail; "" takes it.
	judge func(received) string
	// taken is called with each mail that is taken, before the client hears of it.
	taken func(received)

	mu      sync.Mutex // guards the fields below
	mails   []received
	refused []received // whose content reply refused
	lines   []string
	conns   int

	done     chan struct{} // closed when the server ends
	sessions sync.WaitGroup
}

// received is one mail as the server got it.
type received struct {
	from, parameters string
	to               []string
	data             []byte
	user             string // who logged in
	mechanism        string
	secure           bool
}

// Answers that are none.
const (
	hangUp = "hang up"
	stall  = "stall"
)

const username, password = "orders", "se cret=,ü"

// newServer completes s. It speaks to whoever dials by its dial method.
func newServer(t testing.TB, s *server) *server {
	s.done = make(chan struct{})
	t.Cleanup(func() { close(s.done); s.sessions.Wait() })
	return s
}

// dial is a Config.Dial that leads to s without a network.
func (s *server) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	s.sessions.Go(func() { s.serve(ours) })
	return theirs, nil
}

// listen makes s listen on a loopback port.
func (s *server) listen(t testing.TB) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.sessions.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.sessions.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func (s *server) received() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.mails...)
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

func (s *server) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

// session is one connection.
type session struct {
	*server
	conn net.Conn
	r    *bufio.Reader
	mail received
}

func (s *server) serve(conn net.Conn) {
	s.mu.Lock()
	s.conns++
	s.mu.Unlock()
	ended := make(chan struct{})
	defer close(ended)
	raw := conn
	s.sessions.Go(func() {
		select {
		case <-s.done:
		case <-ended:
		}
		_ = raw.Close()
	})
	if s.implicit {
		conn = tls.Server(conn, s.tls)
	}
	ss := &session{server: s, conn: conn, r: bufio.NewReader(conn)}
	ss.mail.secure = s.implicit
	if !ss.answer(ss.own("greeting"), "220 test ESMTP") {
		return
	}
	for {
		line, err := ss.r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		if !ss.handle(line) {
			return
		}
	}
}

// own returns what reply wants instead of the usual answer to line, or "".
func (s *session) own(line string) string {
	s.mu.Lock()
	reply := s.reply
	s.mu.Unlock()
	if reply == nil {
		return ""
	}
	return reply(line)
}

// change gives s another reply while it runs.
func (s *server) change(reply func(line string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = reply
}

// answer says own, or if that is empty usual. It returns false at the end of the session.
func (s *session) answer(own, usual string) bool {
	text := own
	if text == "" {
		text = usual
	}
	switch text {
	case hangUp:
		return false
	case stall:
		<-s.done
		return false
	}
	return s.say(text) && !strings.HasPrefix(text, "421") && !strings.HasPrefix(text, "221")
}

func (s *session) say(text string) bool {
	_, err := fmt.Fprintf(s.conn, "%s\r\n", strings.ReplaceAll(text, "\n", "\r\n"))
	return err == nil
}

func (s *session) handle(line string) bool {
	own := s.own(line)
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		return s.answer(own, s.ehlo())
	case "STARTTLS":
		if own != "" || !s.say("220 go ahead") {
			return s.answer(own, "")
		}
		s.conn = tls.Server(s.conn, s.tls)
		s.r = bufio.NewReader(s.conn)
		s.mail.secure = true
		return true
	case "AUTH":
		if own != "" {
			return s.answer(own, "")
		}
		return s.say(s.authenticate(rest))
	case "MAIL":
		from, parameters := path(rest)
		s.mail.from, s.mail.parameters, s.mail.to = from, parameters, nil
	case "RCPT":
		if own == "" {
			to, _ := path(rest)
			s.mail.to = append(s.mail.to, to)
		}
	case "DATA":
		return s.answer(own, "354 go on") && (own != "" || s.content())
	case "QUIT":
		return s.answer(own, "221 bye")
	}
	return s.answer(own, "250 ok")
}

// path takes "FROM:<address> parameters" apart.
func path(s string) (address, parameters string) {
	_, s, _ = strings.Cut(s, "<")
	address, parameters, _ = strings.Cut(s, ">")
	return address, strings.TrimSpace(parameters)
}

func (s *session) content() bool {
	data, err := textproto.NewReader(s.r).ReadDotBytes()
	if err != nil {
		return false
	}
	own := s.own(".")
	s.mail.data = data
	if own == "" && s.judge != nil {
		own = s.judge(s.mail)
	}
	if own != "" {
		s.mu.Lock()
		s.refused = append(s.refused, s.mail)
		s.mu.Unlock()
	} else {
		if s.taken != nil {
			s.taken(s.mail)
		}
		s.mu.Lock()
		s.mails = append(s.mails, s.mail)
		s.mu.Unlock()
	}
	return s.answer(own, "250 taken")
}

func (s *session) ehlo() string {
	lines := append([]string{"test"}, s.extensions...)
	if s.tls != nil && !s.mail.secure {
		lines = append(lines, "STARTTLS")
	}
	if s.mechanisms != "" && (s.mail.secure || s.tls == nil) {
		lines = append(lines, "AUTH "+s.mechanisms)
	}
	return "250-" + strings.Join(lines[:len(lines)-1], "\n250-") + "\n250 " + lines[len(lines)-1]
}

// authenticate speaks the other side of each mechanism.
func (s *session) authenticate(line string) string {
	name, initial, _ := strings.Cut(line, " ")
	first, _ := base64.StdEncoding.DecodeString(initial)
	ok := false
	switch name {
	case "PLAIN":
		ok = string(first) == "\x00"+username+"\x00"+password
	case "LOGIN":
		ok = string(s.ask("Username:")) == username
		ok = string(s.ask("Password:")) == password && ok
	case "CRAM-MD5":
		challenge := "<17.42@test>"
		h := hmac.New(md5.New, []byte(password))
		h.Write([]byte(challenge))
		ok = string(s.ask(challenge)) == username+" "+hex.EncodeToString(h.Sum(nil))
	case "SCRAM-SHA-256":
		ok = s.scram(string(first))
	case "XOAUTH2":
		ok = string(first) == "user="+username+"\x01auth=Bearer token-1\x01\x01"
		if !ok {
			s.ask(`{"status":"401"}`)
		}
	}
	if !ok {
		return "535 5.7.8 authentication failed"
	}
	s.mail.user, s.mail.mechanism = username, name
	return "235 2.7.0 welcome"
}

// ask sends a challenge and returns the answer.
func (s *session) ask(challenge string) []byte {
	s.say("334 " + base64.StdEncoding.EncodeToString([]byte(challenge)))
	line, _ := s.r.ReadString('\n')
	answer, _ := base64.StdEncoding.DecodeString(strings.TrimRight(line, "\r\n"))
	return answer
}

func (s *session) scram(first string) bool {
	bare := strings.TrimPrefix(first, "n,,")
	_, nonce, _ := strings.Cut(bare, ",r=")
	serverFirst := "r=" + nonce + rand.Text() + ",s=" + base64.StdEncoding.EncodeToString([]byte("salt")) + ",i=4096"
	final := string(s.ask(serverFirst))
	withoutProof, proof64, _ := strings.Cut(final, ",p=")
	proof, _ := base64.StdEncoding.DecodeString(proof64)
	salted, _ := pbkdf2.Key(sha256.New, password, []byte("salt"), 4096, 32)
	transcript := bare + "," + serverFirst + "," + withoutProof
	key := hmac256(salted, "Client Key")
	stored := sha256.Sum256(key)
	want := make([]byte, 32)
	subtle.XORBytes(want, key, hmac256(stored[:], transcript))
	if !hmac.Equal(want, proof) {
		return false
	}
	s.ask("v=" + base64.StdEncoding.EncodeToString(hmac256(hmac256(salted, "Server Key"), transcript)))
	return true
}

func hmac256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// sprintf is fmt.Sprintf, whose formats vet would rather see as constants.
var sprintf = fmt.Sprintf
