package hosts

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// The longest name and the longest label, in bytes: RFC 1035, section 2.3.4.
const (
	maxName  = 253
	maxLabel = 63
)

// Fault returns why there can be no host with that name or address; "" if there can be, and for "".
func Fault(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil && strings.ContainsFunc(ip.Zone(), inNoZone) {
		return "the zone behind its % is no network's name"
	} else if err == nil || host == "" {
		return ""
	}
	if strings.ContainsFunc(host, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "there is a blank or a control character in it"
	}
	const noName = "the host is no name, nor an IP address"
	name := strings.TrimSuffix(host, ".")
	if strings.ContainsAny(host, `/\@?#,;:[]"'*<>|&$!()`) || len(name) > maxName {
		return noName
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel {
			return noName
		}
	}
	const octets = 4 // fewer numbers may be a short form of an IP address
	if _, err := strconv.Atoi(labels[len(labels)-1]); err == nil && len(labels) >= octets {
		return "the host is no IP address"
	}
	return ""
}

// IsPort reports whether host is a number that was probably meant as a port: as an IP address it would be in 0.0.0.0/16, where no
// host is.
func IsPort(host string) bool {
	n, err := strconv.ParseUint(host, 10, 16)
	return err == nil && n > 0
}

// inNoZone reports whether no network's name contains r. A bracket has probably lost its partner. Names on Windows may contain
// blanks.
func inNoZone(r rune) bool { return unicode.IsControl(r) || r == '[' || r == ']' }

// IsDomain reports whether host is a fully qualified name as SMTP has it (RFC 5321, section 4.1.2): two or more labels of letters,
// digits and hyphens, the last of which is no number.
func IsDomain(host string) bool {
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, inNoLabel) {
			return false
		}
	}
	_, err := strconv.ParseUint(labels[len(labels)-1], 10, 64)
	return len(labels) > 1 && len(host) <= maxName && err != nil
}

func inNoLabel(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
}
