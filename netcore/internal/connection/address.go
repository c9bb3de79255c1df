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

// wrong is an error about an address.
func wrong(what string, args ...any) error { return fmt.Errorf("Address "+what, args...) }

// Networks is what the error of an unknown one says that there are.
const Networks = "tcp, udp, unix and unixgram, and TLS is a field"

// KnownNetwork tells whether there is a network of that name here.
func KnownNetwork(network string) bool {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixgram":
		return true
	}
	return false
}

// IsUDP tells whether a network of that name is UDP.
func IsUDP(network string) bool { return strings.HasPrefix(network, "udp") }

// IsDatagram tells whether a network of that name keeps the borders of what is written to it.
func IsDatagram(network string) bool { return IsUDP(network) || network == "unixgram" }

// isPath tells whether address can only be the path of a unix socket: no host begins like that.
func isPath(address string) bool {
	for _, start := range []string{"/", "./", "../", "@", "\x00"} {
		if strings.HasPrefix(address, start) {
			return true
		}
	}
	return false
}

// IsAbstract tells whether the path of a unix socket is none of a file, but a name that Linux keeps.
func IsAbstract(path string) bool {
	return runtime.GOOS == "linux" && path != "" && (path[0] == '@' || path[0] == 0)
}

// DefaultNetwork returns the network of an address that comes without one: Python takes a path for that of a unix socket.
func DefaultNetwork(address string) string {
	if isPath(address) {
		return "unix"
	}
	return "tcp"
}

// CheckAddress returns address as "host:port", with port where it names none, or the path that it is in the present working
// directory. It returns an error if no connection on network can ever have it, beginning with the word Address. Port 0 is for those
// who listen.
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

// ServerName returns the name that the certificate of the server at address has to be for; "" if it names none. The zone of an address of
// IPv6 is this machine's word.
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

// absolute returns the path that a relative one is now, unless no socket can have that: the program may change its working directory.
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
