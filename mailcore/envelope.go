package mailcore

import (
	"cmp"
	"fmt"

	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
)

// newEnvelope parses the addresses. It also returns the headers that show them, and the sender's domain.
func newEnvelope(cfg Config) (env session.Envelope, headers []byte, domain string, err error) {
	from, err := message.ParseAddresses(cfg.From)
	if err != nil {
		return env, nil, "", fmt.Errorf("mailcore: Config.From: %w", err)
	}
	if len(from) != 1 {
		return env, nil, "", fmt.Errorf(`mailcore: Config.From: %q is not one address: a name with a comma needs quotes, "Doe, John" <john@example.com>`, cfg.From)
	}
	headers = message.AppendAddresses(nil, "From", from)
	env = session.Envelope{From: from[0].Envelope, ASCII: message.IsASCII(from[0].Envelope)}
	for _, field := range []struct {
		name  string
		list  []string
		shown bool
	}{{"To", cfg.To, true}, {"Cc", cfg.Cc, true}, {"Bcc", cfg.Bcc, false}} {
		list, err := message.ParseAddresses(field.list...)
		if err != nil {
			return env, nil, "", fmt.Errorf("mailcore: Config.%s: %w", field.name, err)
		}
		if len(field.list) > 0 && len(list) == 0 {
			return env, nil, "", fmt.Errorf("mailcore: Config.%s: there is no recipient in %q", field.name, field.list)
		}
		if field.shown {
			headers = message.AppendAddresses(headers, field.name, list)
		}
		for _, a := range list {
			env.To = append(env.To, a.Envelope)
			env.ASCII = env.ASCII && message.IsASCII(a.Envelope)
		}
		if err := message.CheckHeader(headers); err != nil {
			return env, nil, "", fmt.Errorf("mailcore: Config.%s: %w", field.name, err)
		}
	}
	if len(cfg.To)+len(cfg.Cc) == 0 {
		headers = append(headers, "To: undisclosed-recipients:;\r\n"...)
	}
	if domain = from[0].Domain(); domain == "" {
		domain = cmp.Or(cfg.LocalName, hostname())
	}
	return env, append(headers, "Auto-Submitted: auto-generated\r\n"...), domain, nil
}
