package mailcore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"

	"go.uber.org/multierr"
)

// mechanism is one way to log in (RFC 4954).
type mechanism struct {
	name  string
	clear bool // shows the secret to whoever listens
	make  func(c *connection) (smtp.Auth, error)
}

// byPassword are the mechanisms for a password, the best first. The last three are Python's, in Python's order.
var byPassword = []mechanism{
	{"SCRAM-SHA-256", false, func(c *connection) (smtp.Auth, error) {
		return newSCRAM(c.credentials.Username, c.credentials.Password), nil
	}},
	{"CRAM-MD5", false, func(c *connection) (smtp.Auth, error) {
		return smtp.CRAMMD5Auth(c.credentials.Username, c.credentials.Password), nil
	}},
	{"PLAIN", true, func(c *connection) (smtp.Auth, error) {
		return smtp.PlainAuth("", c.credentials.Username, c.credentials.Password, c.host), nil
	}},
	{"LOGIN", true, func(c *connection) (smtp.Auth, error) {
		return &loginAuth{[]string{c.credentials.Username, c.credentials.Password}}, nil
	}},
}

// byToken is the one for a token.
var byToken = []mechanism{{"XOAUTH2", true, func(c *connection) (smtp.Auth, error) {
	token, err := c.token()
	return xoauth2{c.credentials.Username, token}, err
}}}

// token calls the user's code.
func (c *connection) token() (token string, err error) {
	defer recovered("Config.Credentials.Token", &err)
	ctx, cancel := context.WithDeadline(context.Background(), c.allowed(c.timeout))
	defer cancel()
	return c.credentials.Token(ctx)
}

// login logs in by the first mechanism that both sides know and the server accepts. net/smtp's own Auth gives up, and hangs up,
// at the first that is refused.
func (c *connection) login() error {
	_, list := c.client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(list))
	known := byPassword
	if c.credentials.Token != nil {
		known = byToken
	}
	_, encrypted := c.client.TLSConnectionState()
	server := &smtp.ServerInfo{Name: c.host, TLS: encrypted, Auth: offered}
	var refused error
	for _, m := range known {
		if !slices.Contains(offered, m.name) || m.clear && !encrypted && !isLocalhost(c.host) {
			continue
		}
		err := c.authenticate(m, server)
		var reply *textproto.Error
		if err == nil || !errors.As(err, &reply) || reply.Code < 500 {
			return err
		}
		refused = multierr.Append(refused, err)
	}
	if refused == nil {
		refused = fmt.Errorf("mailcore: auth: %w by %s: a mechanism for these credentials (it has %q)", errNotOffered, c.addr, list)
		if !encrypted {
			refused = fmt.Errorf("%w, without TLS", refused)
		}
	}
	return refused
}

func isLocalhost(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// authenticate runs one mechanism's dialogue.
func (c *connection) authenticate(m mechanism, server *smtp.ServerInfo) error {
	auth, err := m.make(c)
	if err != nil {
		return fmt.Errorf("mailcore: auth %s: %w", m.name, err)
	}
	if err = c.converse(auth, server); err != nil {
		return fmt.Errorf("mailcore: auth %s: %w", m.name, err)
	}
	return nil
}

func (c *connection) converse(auth smtp.Auth, server *smtp.ServerInfo) error {
	name, response, err := auth.Start(server)
	if err != nil {
		return err
	}
	line := "AUTH " + name
	if response != nil {
		line += " " + encodeResponse(response)
	}
	for {
		c.allow(c.timeout)
		if err := c.client.Text.PrintfLine("%s", line); err != nil {
			return err
		}
		code, text, err := c.client.Text.ReadResponse(0)
		if err != nil {
			return err
		}
		switch code {
		case 235:
			_, err = auth.Next(nil, false)
			return err
		case 334:
			challenge, err := base64.StdEncoding.DecodeString(text)
			if err == nil {
				response, err = auth.Next(challenge, true)
			}
			if err != nil {
				return multierr.Append(err, c.cancelAuth())
			}
			line = base64.StdEncoding.EncodeToString(response)
		default:
			return &textproto.Error{Code: code, Msg: text}
		}
	}
}

// encodeResponse returns an initial response: "=" stands for an empty one.
func encodeResponse(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}

// cancelAuth ends a dialogue that we do not go on with. The server confirms with 501.
func (c *connection) cancelAuth() error { return c.command(501, "*") }

// loginAuth is LOGIN, which no standard describes: the server asks for the name and then for the password, in words that vary.
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

// Next gets a challenge only if the token is refused: the reason, as JSON. An empty answer brings the refusal.
func (a xoauth2) Next([]byte, bool) ([]byte, error) { return []byte{}, nil }
