package mailcore

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"example.com/zaphandlers/internal/hosts"
	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
)

// newSession returns the Session with the server in cfg. It does not connect yet.
func newSession(cfg Config) (*session.Session, error) {
	host, port, err := splitAddr(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("mailcore: Config.Addr: %w", err)
	}
	security, err := securityOf(cfg, port)
	if err != nil {
		return nil, err
	}
	if cfg.TLSConfig != nil && security == session.Plain {
		return nil, errors.New("mailcore: Config.TLSConfig, but nothing is encrypted: Config.TLS has to be TLSSTARTTLS or TLSImplicit")
	}
	if port == "" {
		port = "25"
		if security == session.Implicit {
			port = "465"
		}
	}
	return session.New(session.Config{
		Host:      host,
		Addr:      net.JoinHostPort(host, port),
		LocalName: cfg.LocalName,
		Timeout:   cfg.Timeout,
		Mails:     cfg.MailsPerConnection,
		Dial:      cfg.Dial,
		Security:  security,
		TLS:       cfg.TLSConfig,
		Username:  cfg.Credentials.Username,
		Password:  cfg.Credentials.Password,
		Token:     cfg.Credentials.Token,
	}), nil
}

func securityOf(cfg Config, port string) (session.Security, error) {
	switch cfg.TLS {
	case TLSNone:
		return session.Plain, nil
	case TLSSTARTTLS:
		return session.STARTTLS, nil
	case TLSImplicit:
		return session.Implicit, nil
	case TLSAuto:
		switch {
		case port == "465":
			return session.Implicit, nil
		case cfg.Credentials.given():
			return session.STARTTLS, nil
		}
		return session.Plain, nil
	}
	return 0, fmt.Errorf("mailcore: Config.TLS: %q is none of none, starttls and implicit", cfg.TLS)
}

// splitAddr splits "host", "host:port", "::1", "[::1]" and "[::1]:port". port may be empty.
func splitAddr(addr string) (host, port string, err error) {
	host = addr
	inner, bracketed := strings.CutPrefix(addr, "[")
	switch _, parseErr := netip.ParseAddr(addr); {
	case bracketed && strings.HasSuffix(inner, "]"):
		host = strings.TrimSuffix(inner, "]")
	case strings.Contains(addr, ":") && parseErr != nil:
		if host, port, err = net.SplitHostPort(addr); err != nil {
			return "", "", fmt.Errorf(`%q is neither "host" nor "host:port"`, addr)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", "", fmt.Errorf("%q is not a port, a number from 1 to 65535", port)
		}
	}
	if port == "" && hosts.IsPort(host) {
		return "", "", fmt.Errorf(`%q is a port without a host: write "host:%s"`, addr, addr)
	}
	if host == "" || hosts.Fault(host) != "" {
		return "", "", fmt.Errorf(`%q names no host: write "host" or "host:port"`, addr)
	}
	return hosts.ASCII(host), port, nil
}

func isHostname(s string) bool {
	return s != "" && message.IsASCII(s) && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}
