package session

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"

	"go.uber.org/multierr"
)

// mechanism is a way to log in (RFC 4954).
type mechanism struct {
	name  string
	clear bool // reveals the secret to whoever listens
	make  func(s authentication) (smtp.Auth, error)
}

// authentication is the part of the handshake that logs in.
type authentication struct{ *Session }

// byPassword are the mechanisms for a password, best first. The last three are Python's, in Python's order.
var byPassword = []mechanism{
	{"SCRAM-SHA-256", false, func(s authentication) (smtp.Auth, error) {
		return newSCRAM(s.cfg.Username, s.cfg.Password), nil
	}},
	{"CRAM-MD5", false, func(s authentication) (smtp.Auth, error) {
		return smtp.CRAMMD5Auth(s.cfg.Username, s.cfg.Password), nil
	}},
	{"PLAIN", true, func(s authentication) (smtp.Auth, error) {
		return &plainAuth{response: "\x00" + s.cfg.Username + "\x00" + s.cfg.Password}, nil
	}},
	{"LOGIN", true, func(s authentication) (smtp.Auth, error) {
		return &loginAuth{[]string{s.cfg.Username, s.cfg.Password}}, nil
	}},
}

// byToken is the mechanism for a token.
var byToken = []mechanism{{"XOAUTH2", true, func(s authentication) (smtp.Auth, error) {
	token, err := s.token()
	return xoauth2{s.cfg.Username, token}, err
}}}

// token calls the user's Token.
func (s authentication) token() (string, error) {
	return callHook(&s.wire, s.cfg.Timeout, "Config.Credentials.Token", s.cfg.Token, func(string) {})
}

// login logs in by the first mechanism that both sides know and the server accepts. net/smtp's Auth gives up, and hangs up, at the
// first refusal.
func (s authentication) login() error {
	list, _ := s.client.offer("AUTH")
	offered := strings.Fields(strings.ToUpper(list))
	known := byPassword
	if s.cfg.Token != nil {
		known = byToken
	}
	encrypted := s.client.encrypted
	server := &smtp.ServerInfo{Name: s.cfg.Host, TLS: encrypted, Auth: offered}
	var refused error
	for _, m := range known {
		if !slices.Contains(offered, m.name) || m.clear && !encrypted && !isLocalhost(s.cfg.Host) {
			continue
		}
		err := s.authenticate(m, server)
		var reply *textproto.Error
		if err == nil || !errors.As(err, &reply) || reply.Code < 500 {
			return err
		}
		refused = multierr.Append(refused, err)
	}
	if refused == nil {
		refused = fmt.Errorf("mailcore: auth: %w by %s: a mechanism for these credentials (it has %q)", errNotOffered, s.cfg.Addr, list)
		if !encrypted {
			refused = fmt.Errorf("%w, without TLS", refused)
		}
	}
	return refused
}

func isLocalhost(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// authenticate runs the dialogue of one mechanism.
func (s authentication) authenticate(m mechanism, server *smtp.ServerInfo) error {
	auth, err := m.make(s)
	if err != nil {
		return fmt.Errorf("mailcore: auth %s: %w", m.name, err)
	}
	if err = s.converse(auth, server); err != nil {
		return fmt.Errorf("mailcore: auth %s: %w", m.name, err)
	}
	return nil
}

// maxChallenges limits the server's challenges (Python: smtplib's _MAXCHALLENGE).
const maxChallenges = 5

var errAsksForEver = errors.New("the server asks for ever")

func (s authentication) converse(auth smtp.Auth, server *smtp.ServerInfo) error {
	name, response, err := auth.Start(server)
	if err != nil {
		return err
	}
	line := "AUTH " + name
	if response != nil {
		line += " " + encodeResponse(response)
	}
	for asked := 0; ; asked++ {
		code, text, err := s.say(line)
		if err != nil {
			return err
		}
		switch code {
		case 235:
			_, err = auth.Next(nil, false)
			return err
		case 334:
			if asked == maxChallenges {
				return multierr.Append(errAsksForEver, s.cancelAuth())
			}
			if line, err = respond(auth, text); err != nil {
				return multierr.Append(err, s.cancelAuth())
			}
		default:
			return replyError(code, s.withoutSecret(text, line))
		}
	}
}

// respond returns the line that answers a challenge.
func respond(auth smtp.Auth, text string) (line string, err error) {
	challenge, err := base64.StdEncoding.DecodeString(text)
	switch auth.(type) {
	case *loginAuth, *plainAuth: // whose challenges are text for people, unencoded from some servers
	default:
		if err != nil {
			return "", err
		}
	}
	response, err := auth.Next(challenge, true)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(response), nil
}

// withoutSecret returns a server's text without the password, and without the last line sent to it: some servers repeat that.
func (s authentication) withoutSecret(text, line string) string {
	secrets := []string{s.cfg.Password}
	if words := strings.Fields(line); len(words) > 0 {
		secrets = append(secrets, words[len(words)-1])
	}
	for _, secret := range secrets {
		if len(secret) > 1 { // "=" is an empty response
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return text
}

// say sends one line of a dialogue and returns the answer.
func (s authentication) say(line string) (code int, text string, err error) {
	err = s.during(stepAuth, func() (err error) {
		if err = s.client.send("%s", line); err == nil {
			code, text, err = readReply(&s.client.text.Reader, 0)
		}
		return err
	})
	return code, text, err
}

// encodeResponse returns an initial response; "=" stands for an empty one.
func encodeResponse(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}

// cancelAuth cancels a dialogue. The server confirms with 501.
func (s authentication) cancelAuth() error { return s.command(stepAuth, 501, "*") }

// plainAuth is PLAIN (RFC 4616). Some servers ignore the response that comes with AUTH, and ask for it.
type plainAuth struct {
	response string
	asked    bool
}

func (a *plainAuth) Start(*smtp.ServerInfo) (string, []byte, error) {
	return "PLAIN", []byte(a.response), nil
}

func (a *plainAuth) Next(challenge []byte, more bool) ([]byte, error) {
	switch {
	case !more:
		return nil, nil
	case a.asked:
		return nil, fmt.Errorf("the server asks once more: %q", challenge)
	}
	a.asked = true
	return []byte(a.response), nil
}

// loginAuth is LOGIN, which has no standard: the server asks for the name and then for the password, in varying words.
type loginAuth struct{ answers []string }

func (a *loginAuth) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }

func (a *loginAuth) Next(question []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	if len(a.answers) == 0 {
		return nil, fmt.Errorf("the server asks once more: %q", question)
	}
	answer := a.answers[0]
	a.answers = a.answers[1:]
	return []byte(answer), nil
}

// xoauth2 is XOAUTH2, as Google and Microsoft describe it.
type xoauth2 struct{ username, token string }

func (a xoauth2) Start(*smtp.ServerInfo) (string, []byte, error) {
	if strings.ContainsAny(a.username+a.token, "\x01\r\n") {
		return "", nil, errors.New("control character in the username or the token")
	}
	return "XOAUTH2", []byte("user=" + a.username + "\x01auth=Bearer " + a.token + "\x01\x01"), nil
}

// Next gets a challenge only if the token is refused: the reason, as JSON. An empty response makes the server send the refusal.
func (a xoauth2) Next([]byte, bool) ([]byte, error) { return []byte{}, nil }
