package mailcore

import "fmt"

// envelope is who sends and who receives.
type envelope struct {
	from   string
	domain string // of from
	to     []string
	ascii  bool // all addresses are
}

// newEnvelope reads the addresses, and returns the headers that show them as well.
func newEnvelope(cfg Config) (env envelope, headers []byte, err error) {
	from, err := parseAddresses("From", cfg.From)
	if err != nil {
		return env, nil, err
	}
	if len(from) != 1 {
		return env, nil, fmt.Errorf("mailcore: Config.From: %q is not one address", cfg.From)
	}
	headers = appendAddresses(nil, "From", from)
	env = envelope{from: from[0].envelope, domain: from[0].domain(), ascii: isASCII(from[0].envelope)}
	for _, field := range []struct {
		name  string
		list  []string
		shown bool
	}{{"To", cfg.To, true}, {"Cc", cfg.Cc, true}, {"Bcc", cfg.Bcc, false}} {
		list, err := parseAddresses(field.name, field.list...)
		if err != nil {
			return env, nil, err
		}
		if field.shown {
			headers = appendAddresses(headers, field.name, list)
		}
		for _, a := range list {
			env.to = append(env.to, a.envelope)
			env.ascii = env.ascii && isASCII(a.envelope)
		}
		if err := checkHeader(headers); err != nil {
			return env, nil, fmt.Errorf("mailcore: Config.%s: %w", field.name, err)
		}
	}
	if len(cfg.To)+len(cfg.Cc) == 0 {
		headers = append(headers, "To: undisclosed-recipients:;\r\n"...)
	}
	return env, append(headers, "Auto-Submitted: auto-generated\r\n"...), nil
}
