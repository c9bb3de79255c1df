package mailcore_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/mailcore"
)

// What would have no effect is refused, by the name of the field.
func TestSettingsWithoutEffectAreRefused(t *testing.T) {
	for _, test := range []struct {
		cfg  mailcore.Config
		want string // "" if it is taken
	}{
		{mailcore.Config{HeldBytes: 1}, "Config.HeldBytes is for an Interval"},
		{mailcore.Config{HeldBytes: 1, Interval: time.Hour}, ""},
		{mailcore.Config{MailsPerConnection: 5, IdleTime: -1}, "Config.MailsPerConnection and a negative IdleTime"},
		{mailcore.Config{MailsPerConnection: 1, IdleTime: -1}, ""},
		{mailcore.Config{TLSConfig: new(tls.Config)}, "Config.TLSConfig, but nothing is encrypted"},
		{mailcore.Config{TLSConfig: new(tls.Config), TLS: mailcore.TLSNone}, "Config.TLSConfig, but nothing is encrypted"},
		{mailcore.Config{TLSConfig: new(tls.Config), Addr: "x:465"}, ""},
		{mailcore.Config{Credentials: mailcore.Credentials{Password: "p"}}, "Config.Credentials.Username is required"},
		{mailcore.Config{Credentials: mailcore.Credentials{Username: "u", Password: "p", Token: func(context.Context) (string, error) { return "", nil }}},
			"Config.Credentials: a Password and a Token exclude each other"},
		{mailcore.Config{Timeout: 5}, "Config.Timeout is 5ns, less than 100µs: a bare number counts nanoseconds; write 5 * time.Second"},
		{mailcore.Config{Interval: 600}, "Config.Interval is 600ns"},
		{mailcore.Config{Interval: -1}, "Config.Interval is negative"},
		{mailcore.Config{Credentials: mailcore.Credentials{Username: "u\x00v", Password: "p"}}, "Config.Credentials: there is a NUL"},
		{mailcore.Config{Credentials: mailcore.Credentials{Username: "u", Password: "\x00"}}, "Config.Credentials: there is a NUL"},
		{mailcore.Config{Addr: "587"}, `Config.Addr: "587" is a port without a host: write "host:587"`},
		{mailcore.Config{Addr: "ops@mail.example.com"}, "Config.Addr: \"ops@mail.example.com\" names no host"},
		{mailcore.Config{Addr: "mail..example.com:25"}, "Config.Addr"},
		{mailcore.Config{Addr: "[fe80::1%eth0]:25"}, ""},
		{mailcore.Config{IdleTime: 30}, "Config.IdleTime is 30ns"},
		{mailcore.Config{RetryStart: 5}, "Config.RetryStart is 5ns"},
		{mailcore.Config{RetryMax: -1}, "Config.RetryMax is -1ns"},
		{mailcore.Config{RetryFactor: 0.5}, "Config.RetryFactor is 0.5"},
	} {
		if test.cfg.Addr == "" {
			test.cfg.Addr = "x"
		}
		test.cfg.From, test.cfg.To = "a@x", []string{"b@x"}
		core, err := mailcore.New(test.cfg)
		if test.want == "" {
			require.NoError(t, err)
			require.NoError(t, core.Close())
			continue
		}
		require.ErrorContains(t, err, "mailcore: "+test.want)
	}
}
