// Package mail measures package mailcore beside net/smtp, which sends the same bytes and is the floor, beside wneessen/go-mail and, for
// scale, Python's SMTPHandler. Its tests use emersion/go-smtp as a server that does everything wrong, and go-mail to check what is sent.
//
// It measures a mail from the call to the server's 250, and a record's share of that, with a server in the same process that keeps
// nothing and shares the cores with the sender. Not measured are a network, a name server, and a disk.
package mail
