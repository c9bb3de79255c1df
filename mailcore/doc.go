// Package mailcore mails log records: Python's SMTPHandler for zap, without the flood.
//
//	core, err := mailcore.New(mailcore.Config{
//		Addr:        "smtp.example.com:587",
//		From:        "Orders <orders@example.com>",
//		To:          []string{"ops@example.com"},
//		Credentials: mailcore.Credentials{Username: "orders", Password: secret},
//		Interval:    time.Minute,
//	})
//	if err != nil {
//		return err
//	}
//	defer core.Close()
//	logger := zap.New(zapcore.NewTee(files, core))
//
// # What becomes a mail
//
// By default a [Core] mails records of Error and above, so it can stand in the Tee that gets everything. The Encoder makes the text.
//
// Without an Interval each record is a mail of its own, sent on the goroutine that logs, as in Python. Write returns nil when the
// server has taken the mail.
//
// With an Interval the first record is mailed at once, because somebody should know now. Records that follow within the Interval are
// held, and mailed in one digest at its end:
//
//	Subject: orders on web-3 (9999 records)
//
//	9999 records (9999 error), from 2026-11-22 10:11:12.000 +0000 to 2026-11-22 10:11:12.999 +0000.
//	1204 more suppressed: they are counted above, and not shown.
//
//	…
//
// Memory is bounded: records that do not fit into HeldBytes are counted and not shown. A digest that the server does not take for
// now is kept and tried again. Sync, Close and every record above Error send it without waiting for the Interval to end. A holder of many
// records, such as package queuecore, passes them to WriteBatch and gets one digest for all. Text too long to read is attached,
// compressed.
//
// # What the server's answers mean
//
// Credentials make TLS mandatory: a server that does not offer STARTTLS, or cannot prove its identity, gets neither the password nor the
// mail. A connection is kept for IdleTime, and carries MailsPerConnection mails.
//
//	4xx and 421       temporary: Write returns a RetryError, and the server is left alone for a while (RetryStart, RetryMax)
//	5xx to a mail     final: the record is refused, and a queue in front gives it up
//	5xx to a digest   halves of it are sent until the record at fault is found, and refused alone
//	4xx each time     to the same mail after its content, and to no other: like a 5xx, once that is certain (see below)
//	some recipients   the others get the mail, and OnError hears who did not (RecipientsError). After a 452, too many recipients,
//	refused           the remaining ones get it in another transaction
//
// A mail that the server refuses for now is tried again, and everything behind it waits. The cause may be one record, a poison record.
// So when the content of a mail of a batch was refused six times in a row (not counting 421 and 452, which are about the server), another
// record of the batch is mailed alone:
//
//   - If that is refused too the server is in trouble. Everything waits, and another record is tried six attempts later.
//   - If it is taken, halves of the mail are tried, down to one record. That is refused for good once others were taken in between
//     four times.
//
// The digest of an Interval is halved after six refusals, too. A record that is refused alone is dropped once another part was taken.
//
// # Duplicates
//
// If the connection breaks after a mail was sent and before the server has answered, nobody knows whether it arrived. The mail counts
// as refused, or stays with its holder, a queue or an Interval. When the holder tries again the same mail is sent: the same
// records, even if the batch has grown, with the same Message-ID and Date, so that a mailbox can recognise duplicates. After MaxCopies the
// mail is refused for good, so that what waits behind it can pass.
//
// # How long calls take
//
// Each exchange has a time limit, in multiples of Timeout (5 s). After a timeout the limit is doubled for the next time, up to a maximum.
// So a server that always needs a minute is given up once, and not once per mail.
//
//	                                      first        at most          RFC 5321 section 4.5.3.2
//	dialling                              1 × (5 s)    6 × (30 s)
//	TLS handshake, greeting               4 × (20 s)   60 × (5 min)     5 min
//	EHLO, AUTH, MAIL, RCPT, RSET          1 × (5 s)    60 × (5 min)     5 min
//	DATA                                  1 × (5 s)    24 × (2 min)     2 min
//	64 KiB of content                     1 × (5 s)    36 × (3 min)     3 min
//	the answer to the content             12 × (60 s)  120 × (10 min)   10 min
//	QUIT                                  1 s, or Timeout if that is less
//
// Whole calls are bounded as well:
//
//	New, With, Check, Enabled   nothing
//	Write                       12 × Timeout (60 s) for its mail; nothing if an Interval holds the record
//	Write above Error           2 × Timeout (10 s), at least 5 s; with an Interval the same for what is held (Sync)
//	WriteBatch                  the sum of the exchanges; a queue calls it on a goroutine of its own
//	Sync                        12 × Timeout for what is held
//	Close                       2 × Timeout, at least 5 s, for what is held; a mail under way gets one Timeout more
//	Stats                       a mail of Write or WriteBatch that is under way
//
// Write, WriteBatch, Sync and Close also wait for another caller's mail that is under way. If that times out, those waiting fail at
// once. A digest that an Interval sends delays only Sync, Close and records above Error; the last two give a mail under way no more time
// than themselves. A mail that Close ends returns ErrClosed. Dial and Token are left behind if they do not return when their context ends.
//
// # Peculiar servers
//
// exim delivers only the first ten mails of a connection at once, and leaves the others until its next queue run; hence
// MailsPerConnection. It refuses a twenty-first connection, which counts as temporary. It also refuses a sender without a domain ("root")
// unless sender_unqualified_hosts allows it; postfix completes the sender. Some servers bounce or break lines of more than 998 bytes: no
// mail has one, whatever was logged.
//
// # Safe for any content
//
// A message, a field or a name may come from an attacker. None can forge a header, a recipient, a second mail or a long line: the
// text is quoted-printable, the subject is one line of encoded words, and the addresses are parsed once, by New. A carriage return
// before a line feed is part of the line break, as in Python; every other control character arrives unchanged.
//
// Deliberate differences from Python: certificates are verified; a line break in a subject becomes a space, where Python loses the
// record; Auto-Submitted keeps vacation programs quiet; the connection is kept.
//
// # Where to look next
//
//	Handler ─► emitter ─┬─ window open: held, and a digest when it ends ─┐
//	                    └─ a record, or the records of a batch ──────────┴► mailer ─► internal/message   the bytes of a mail
//	                                                                          │  └──► internal/session   SMTP with the server
//	                                                                          └─ attempts: mails that may have arrived
//
//	core.go         Config, New, Core; credentials.go
//	emitter.go      one record or a batch; batch.go the mails of a batch, poison.go its poison records
//	window.go       what an Interval holds; flush.go sends it, search.go finds records at fault in it
//	mailer.go       one digest as one mail; attempts.go the mails that were tried before
//	server.go, envelope.go    what a Config says about the server and the addresses
//
// The page docs/receivers.md of the repository shows what real receivers do with what is sent to them.
package mailcore
