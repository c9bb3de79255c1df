// Package mail measures package mailcore beside net/smtp, which sends the same bytes and is what a mail costs at least, beside
// wneessen/go-mail and, for scale, Python's SMTPHandler; and holds mailcore against others in tests: emersion/go-smtp is the
// server that does everything wrong, go-mail the second opinion on what is sent.
//
// What is measured: a mail from the call to the server's 250, and a record's share of it, with a server in the same process
// that keeps nothing and shares the cores with the sender. What is not measured: a network, a name server, and a disk.
package mail
