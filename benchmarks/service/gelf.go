package main

import (
	"bufio"
	"bytes"
	"net"
	"time"

	"go.uber.org/zap/zapcore"
	"gopkg.in/Graylog2/go-gelf.v2/gelf"

	"example.com/zaphandlers/netcore"
)

// startGELF is GELF over TCP, read by go-gelf.
func startGELF(keep func(*record) error) (l link, err error) {
	addr, stop, err := serve(func(conn net.Conn) error { return readGELF(conn, keep) })
	if err != nil {
		return l, err
	}
	l.stop = stop
	l.core, err = netcore.New(netcore.Config{Address: addr, Formatter: netcore.GELF(netcore.GELFConfig{})})
	return l, err
}

// readGELF reads messages that end with a zero byte, until conn ends.
func readGELF(conn net.Conn, keep func(*record) error) error {
	for in := bufio.NewReader(conn); ; {
		b, err := in.ReadBytes(0)
		if err != nil {
			return err
		}
		m := new(gelf.Message)
		if err := m.UnmarshalJSON(bytes.TrimSuffix(b, []byte{0})); err != nil {
			return err
		}
		fields := make(map[string]any, len(m.Extra))
		for name, value := range m.Extra {
			fields[name[1:]] = value
		}
		r := recordOf(fields, "", "duration", time.Second)
		r.Level = gelfLevels[m.Level]
		switch r.Message = m.Short; {
		case m.Full != "":
			r.Message = m.Full
		case r.Message == "-" && r.Sum != r.checksum(): // no message is empty
			r.Message = ""
		}
		if err := keep(r); err != nil {
			return err
		}
	}
}

// gelfLevels are zap's levels by severity.
var gelfLevels = map[int32]zapcore.Level{
	gelf.LOG_ERR: zapcore.ErrorLevel, gelf.LOG_WARNING: zapcore.WarnLevel, gelf.LOG_INFO: zapcore.InfoLevel, gelf.LOG_DEBUG: zapcore.DebugLevel,
}
