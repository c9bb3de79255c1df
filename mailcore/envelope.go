package mailcore

import (
	"cmp"
	"fmt"

	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
)

// newEnvelope parses the addresses. It also returns the headers that show them, and the sender's domain.
func newEnvelope(cfg Config) (env session.Envelope, headers []byte, domain string, err error) {
	from, err := sender(cfg.From)
	if err != nil {
		return env, nil, "", err
	}
	headers = message.AppendAddresses(nil, "From", from)
	env = session.Envelope{From: from[0].Envelope, ASCII: message.IsASCII(from[0].Envelope)}
	for _, field := range []struct {
		name  string
		list  []string
		shown bool
	}{{"To", cfg.To, true}, {"Cc", cfg.Cc, true}, {"Bcc", cfg.Bcc, false}} {
		list, err := recipients(field.name, field.list)
		if err != nil {
			return env, nil, "", err
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

// sender parses From, and returns its one address.
func sender(from string) ([]message.Address, error) {
	list, err := message.ParseAddresses(from)
	if err != nil {
		return nil, fmt.Errorf("mailcore: Config.From: %w", err)
	}
	if len(list) != 1 {
		return nil, fmt.Errorf(`mailcore: Config.From: %q is not one address: a name with a comma needs quotes, "Doe, John" <john@example.com>`, from)
	}
	return list, nil
}

// recipients parses To, Cc or Bcc.
func recipients(field string, addresses []string) ([]message.Address, error) {
	list, err := message.ParseAddresses(addresses...)
	if err != nil {
		return nil, fmt.Errorf("mailcore: Config.%s: %w", field, err)
	}
	if len(addresses) > 0 && len(list) == 0 {
		return nil, fmt.Errorf("mailcore: Config.%s: there is no recipient in %q", field, addresses)
	}
	return list, nil
}
