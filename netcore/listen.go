package netcore

import (
	"context"
	"net"
	"os"
	"syscall"
	"time"
)

// listen opens the socket. A unix socket has its mode from the first moment on, where the system can do that.
func (s *Server) listen() error {
	cfg := s.cfg
	unix := cfg.Network == "unix" || cfg.Network == "unixgram"
	if unix {
		removeStale(cfg.Network, cfg.Address)
	}
	var lc net.ListenConfig
	if unix {
		lc.Control = func(_, _ string, raw syscall.RawConn) error {
			return raw.Control(func(fd uintptr) { _ = setMode(fd, cfg.SocketMode) })
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout) // a name is looked up
	defer cancel()
	var err error
	if isDatagram(cfg.Network) {
		s.packets, err = lc.ListenPacket(ctx, cfg.Network, cfg.Address)
	} else {
		s.listener, err = lc.Listen(ctx, cfg.Network, cfg.Address)
	}
	if err != nil || !unix {
		return err
	}
	if cfg.Network == "unixgram" {
		s.unlink = cfg.Address
	}
	if err := os.Chmod(cfg.Address, cfg.SocketMode); err != nil {
		_ = s.Close()
		return err
	}
	return nil
}

// removeStale removes the file of a socket that nobody listens to any more.
func removeStale(network, path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	conn, err := net.DialTimeout(network, path, time.Second)
	if err != nil {
		if isRefused(err) {
			_ = os.Remove(path)
		}
		return
	}
	_ = conn.Close()
}
