#!/usr/bin/env bash
# Go 1.26, net/smtp, against two things that RFC 5321 lets a server do, and that Python's smtplib takes:
#
# A reply that is a bare code ("250" and the end of the line; section 4.2: a client must accept one) is the error "short response". After the
# text of a mail that means: the server has it, and SendMail says that it failed. What tries again sends it twice.
#
# Keywords of EHLO in lower case (section 2.4) are not found. Extension's documentation calls the name case-insensitive, which holds for the one
# that is asked for, and not for the server's. SendMail with an Auth gives up before it sends anything. (Go's issue 78749.)
. "$(dirname "$0")/lib.sh"
needs python3
go_program <<'GO'
package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"os/exec"
	"strings"
)

// serve is a server that answers EHLO with keywords, and a mail with a reply; it says how many mails it took.
func serve(keywords []string, reply string) (net.Listener, *int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	mails := 0
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "220 here\r\n")
			text := false
			for in := bufio.NewScanner(conn); in.Scan(); {
				line := in.Text()
				switch word := strings.ToUpper(strings.SplitN(line, " ", 2)[0]); {
				case text && line == ".":
					text = false
					mails++
					fmt.Fprint(conn, reply+"\r\n")
				case text:
				case word == "EHLO":
					fmt.Fprint(conn, "250-here\r\n")
					for i, keyword := range keywords {
						fmt.Fprintf(conn, "250%c%s\r\n", "- "[min(1, (i+1)/len(keywords))], keyword)
					}
				case word == "DATA":
					text = true
					fmt.Fprint(conn, "354 go on\r\n")
				case word == "AUTH":
					fmt.Fprint(conn, "235 in\r\n")
				case word == "QUIT":
					fmt.Fprint(conn, "221 bye\r\n")
				default:
					fmt.Fprint(conn, "250 ok\r\n")
				}
			}
			conn.Close()
		}
	}()
	return listener, &mails
}

func python(program string, listener net.Listener) {
	port := fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
	command := exec.Command("python3", "-c", "import smtplib, sys\nc = smtplib.SMTP('127.0.0.1', int(sys.argv[1]))\nc.ehlo()\n"+program, port)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		fmt.Println("python:", err)
	}
}

func main() {
	for _, reply := range []string{"250 ok", "250"} {
		listener, mails := serve([]string{"SIZE 1000000"}, reply)
		err := smtp.SendMail(listener.Addr().String(), nil, "a@example.com", []string{"b@example.com"}, []byte("text\r\n"))
		var short textproto.ProtocolError
		fmt.Printf("net/smtp: reply %q: taken %d, error %v, of the protocol %v\n", reply, *mails, err, errors.As(err, &short))
		python("print('smtplib: refused', c.sendmail('a@example.com', ['b@example.com'], 'text'))", listener)
	}
	for _, keywords := range [][]string{{"SIZE 1000000", "AUTH PLAIN"}, {"size 1000000", "auth plain"}} {
		listener, mails := serve(keywords, "250 ok")
		client, err := smtp.Dial(listener.Addr().String())
		if err != nil {
			panic(err)
		}
		size, _ := client.Extension("size")
		client.Quit()
		auth := smtp.PlainAuth("", "user", "word", "127.0.0.1")
		err = smtp.SendMail(listener.Addr().String(), auth, "a@example.com", []string{"b@example.com"}, []byte("text\r\n"))
		fmt.Printf("net/smtp: %s: size %v, taken %d, error %v\n", keywords[1], size, *mails, err)
		python("print('smtplib: size', c.has_extn('size'), 'auth', c.has_extn('auth'))", listener)
	}
}
GO
go version
python3 --version
same 'net/smtp: reply "250 ok": taken 1, error <nil>, of the protocol false
smtplib: refused {}
net/smtp: reply "250": taken 1, error short response: "250", of the protocol true
smtplib: refused {}
net/smtp: AUTH PLAIN: size true, taken 1, error <nil>
smtplib: size True auth True
net/smtp: auth plain: size false, taken 0, error smtp: server doesn'"'"'t support AUTH
smtplib: size True auth True' "$(./finding)"
