#!/usr/bin/env bash
# Go's crypto/tls (Go 1.26, 1.27, Linux): a receiver that closes its connection with something unread resets it, and a sender that reads, to
# see that, gets ECONNRESET over TCP. Under TLS it gets io.EOF, as of a receiver that has read all; also where no close_notify came.
. "$(dirname "$0")/lib.sh"
go_program <<'GO'
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"syscall"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// end writes a line to a peer that reads none of it and ends the connection, and returns what the next Read says.
func end(server, client *tls.Config, closes func(net.Conn)) error {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	written, closed := make(chan bool), make(chan bool)
	go func() {
		var peer net.Conn = must(l.Accept())
		if server != nil {
			secure := tls.Server(peer, server)
			if err := secure.Handshake(); err != nil {
				panic(err)
			}
			peer = secure
		}
		<-written
		closes(peer)
		close(closed)
	}()
	conn := must(net.Dial("tcp", l.Addr().String()))
	defer conn.Close()
	if client != nil {
		conn = tls.Client(conn, client)
	}
	must(conn.Write([]byte("a record\n")))
	close(written)
	<-closed
	_, err := conn.Read(make([]byte, 1))
	switch {
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, syscall.ECONNRESET):
		return syscall.ECONNRESET
	}
	return err
}

func main() {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	server := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	client := &tls.Config{InsecureSkipVerify: true}

	closes := func(c net.Conn) { c.Close() }
	cuts := func(c net.Conn) { c.(*tls.Conn).NetConn().(*net.TCPConn).CloseWrite() }
	fmt.Println("TCP, closed with a record unread:", end(nil, nil, closes))
	fmt.Println("TLS, closed with a record unread:", end(server, client, closes))
	fmt.Println("TLS, ended without close_notify:", end(server, client, cuts))
}
GO
go version
same "TCP, closed with a record unread: connection reset by peer
TLS, closed with a record unread: EOF
TLS, ended without close_notify: EOF" "$(./finding)"
