package connection

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"example.com/zaphandlers/internal/hosts"
)

// wrong returns an error about an address.
func wrong(what string, args ...any) error { return fmt.Errorf("Address "+what, args...) }

// Networks lists the known networks for the error about an unknown one.
const Networks = "tcp, udp, unix and unixgram, and TLS is a field"

// KnownNetwork reports whether network is one of those that Config.Network accepts.
func KnownNetwork(network string) bool {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixgram":
		return true
	}
	return false
}

// IsUDP reports whether network is UDP.
func IsUDP(network string) bool { return strings.HasPrefix(network, "udp") }

// IsDatagram reports whether network preserves message boundaries.
func IsDatagram(network string) bool { return IsUDP(network) || network == "unixgram" }

// isPath reports whether address can only be the path of a unix socket, because no host begins like that.
func isPath(address string) bool {
	for _, start := range []string{"/", "./", "../", "@", "\x00"} {
		if strings.HasPrefix(address, start) {
			return true
		}
	}
	return false
}

// IsAbstract reports whether path is not a file, but a name in Linux's abstract namespace.
func IsAbstract(path string) bool {
	return runtime.GOOS == "linux" && path != "" && (path[0] == '@' || path[0] == 0)
}

// DefaultNetwork returns the network of an address without one: "unix" for a path, as in Python, else "tcp".
func DefaultNetwork(address string) string {
	if isPath(address) {
		return "unix"
	}
	return "tcp"
}

// CheckAddress returns address as "host:port", using port if the address has none, or as an absolute path. Port 0 is only for those
// who listen. An address to which no connection on network is possible is an error, which starts with the word Address.
func CheckAddress(network, address string, port int, listens bool) (string, error) {
	if !isIP(network) {
		return absolute(address), checkPath(network, address)
	}
	host, service, err := splitAddress(network, address, port)
	if err != nil {
		return "", err
	}
	host = hosts.ASCII(host)
	if why := noHost(network, host); why != "" {
		return "", wrong("%q: %s", address, why)
	}
	if n, err := strconv.ParseUint(service, 10, 64); err == nil {
		if n > 65535 || n == 0 && !listens {
			return "", wrong("%q has port %s: it has to be from 1 to 65535", address, service)
		}
	} else if _, err := net.LookupPort(network, service); err != nil || strings.ContainsAny(service, "+ ") || service[0] == '-' {
		return "", wrong("%q has port %q, which is no number, nor a service that the system knows", address, service)
	}
	return net.JoinHostPort(host, service), nil
}

func splitAddress(network, address string, port int) (host, service string, err error) {
	switch {
	case isPath(address):
		return "", "", wrong("%q is the path of a unix socket: Network has to be \"unix\" or \"unixgram\", not %q", address, network)
	case strings.Contains(address, "://"):
		return "", "", wrong("%q is a URL: it has to be \"host:port\", and Network says the protocol", address)
	case strings.HasSuffix(address, ":") && !strings.HasSuffix(address, "::"):
		return "", "", wrong("%q has no port: it has to be \"host:port\"", address)
	}
	if host, service, err = net.SplitHostPort(address); err == nil {
		return host, service, nil
	}
	bare, opened := strings.CutPrefix(address, "[")
	bare, closed := strings.CutSuffix(bare, "]")
	switch bracketed := opened && closed; {
	case bracketed && isIPv6(bare):
	case bracketed || opened || closed || strings.Contains(address, ":") && !isIPv6(address):
		return "", "", wrong("%q has to be \"host:port\", and one of them", address)
	case strings.Contains(address, ":"):
		return "", "", wrong("%q: an IPv6 address has to be in brackets, as in \"[::1]:%d\"", address, max(port, 1))
	}
	if hosts.IsPort(address) {
		return "", "", wrong("%q is a port without a host: it has to be \"host:%s\" or \":%s\"", address, address, address)
	}
	if port == 0 {
		return "", "", wrong("%q has no port: it has to be \"host:port\"", address)
	}
	return bare, strconv.Itoa(port), nil
}

// ServerName returns the name for which the certificate of the server at address must be valid; "" if address names none. The zone of
// an IPv6 address is left out: it is local to this machine.
func ServerName(network, address string) string {
	if strings.HasPrefix(network, "unix") {
		return ""
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.WithZone("").String()
	}
	return host
}

func isIPv6(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is6()
}

func isIP(network string) bool {
	return IsUDP(network) || strings.HasPrefix(network, "tcp")
}

// noHost returns why there can be no host of that name on network; "" if there can.
func noHost(network, host string) string {
	family := network[len(network)-1]
	if ip, err := netip.ParseAddr(host); err == nil {
		if family == '4' && !ip.Unmap().Is4() || family == '6' && ip.Is4() {
			return fmt.Sprintf("the host has no address for Network %q", network)
		}
	}
	return hosts.Fault(host)
}

// absolute makes path absolute, because the program may change its working directory. It returns path itself if the absolute one is
// too long for a socket.
func absolute(path string) string {
	if filepath.IsAbs(path) || strings.HasPrefix(path, "/") || path != "" && (path[0] == '@' || path[0] == 0) {
		return path
	}
	if whole, err := filepath.Abs(path); err == nil && len(whole) <= hosts.LongestSocketPath {
		return whole
	}
	return path
}

// checkPath returns an error if no unix socket can have that path.
func checkPath(network, path string) error {
	switch {
	case len(path) > hosts.LongestSocketPath:
		return wrong("%q has %d bytes: the path of a unix socket has at most %d", path, len(path), hosts.LongestSocketPath)
	case strings.Contains(path[1:], "\x00"):
		return wrong("%q: there is a NUL in the path", path)
	case strings.Contains(path, "://"):
		return wrong("%q is a URL: with Network %q it has to be a path", path, network)
	}
	return nil
}
