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
// Records of Error and above, unless Level says otherwise; so the core can stand in the Tee that everything goes through. The
// text of a mail is what the Encoder makes of the record. Without an Interval each record is a mail of its own, sent by the
// goroutine that logs, as in Python; Write returns nil when the server has taken it.
//
// With an Interval the first record is mailed at once, because somebody should know now; what follows within the Interval is
// held and goes in one digest:
//
//	Subject: orders on web-3 (9999 records)
//
//	9999 records (9999 error), from 2026-11-22 10:11:12.000 +0000 to 2026-11-22 10:11:12.999 +0000.
//	1204 more suppressed: they are counted above, and not shown.
//
//	…
//
// Memory is bounded: what does not fit in HeldBytes is counted and not shown. A digest that the server does not take for now is kept and tried
// again; Sync, Close and every record above Error send it without waiting for the Interval to end. Whoever holds many
// records, such as package queuecore, hands them over by WriteBatch and gets one digest for all. What is too long to be read
// is attached, compressed.
//
// # What the server is asked
//
// Credentials make TLS a must: a server that does not offer STARTTLS, or cannot prove who it is, gets neither the password
// nor the mail. The connection is kept for IdleTime, and carries MailsPerConnection mails.
//
//	4xx and 421       temporary: Write returns a RetryError, and the core leaves the server alone (RetryStart, RetryMax)
//	5xx to the mail   final: the record is refused; a queue in front gives it up
//	5xx to a digest   halves of it are sent until the record at fault is found, and refused alone
//	4xx to the mail   each time, after its content, and to no other: as a 5xx, once that is certain
//	some recipients   the others get the mail, and OnError hears who did not (RecipientsError); after 452, too many
//	                  recipients, those that are left get it in another transaction
//
// What the server refuses for now is tried again, and with it all that is behind it. So when the content of one mail of a batch was
// refused so six times in a row (but for 421 and 452, which are about the server), another record of the batch is mailed alone. If
// that is refused too, the server is in trouble: all waits, and it is asked again six attempts later. If it is taken, halves of the
// mail are tried, down to one record, which is refused for good when others were taken in between four times. The digest of an Interval
// goes in halves after six refusals, too, and the record that is refused alone is dropped when another part was taken.
//
// If the connection breaks after the mail was sent and before the server has said so, nobody can know whether it arrived. It
// counts as refused, or waits with whoever holds it. Whoever tries again, a queue or a window, sends the same mail: the same
// records, though the batch has grown meanwhile, the same Message-ID and Date, so that a mailbox can tell the copies. There are
// at most MaxCopies; then the mail is refused for good, and what waits behind it passes.
//
// # How long it takes
//
// Each exchange has its time, in multiples of Timeout (5 s), and after a timeout twice as long the next time, up to a bound. A
// server that always needs a minute is thus given up once, and not once a mail.
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
// What a caller waits for, altogether:
//
//	New, With, Check, Enabled   nothing
//	Write                       12 × Timeout (60 s) for its mail; nothing if an Interval holds the record
//	Write above Error           2 × Timeout (10 s), not less than 5 s; with an Interval the same for what is held (Sync)
//	WriteBatch                  the sum of the exchanges; a queue calls it on a goroutine of its own
//	Sync                        12 × Timeout for what is held
//	Close                       2 × Timeout, not less than 5 s, for what is held; a mail that is on its way has one Timeout more
//	Stats                       a mail of Write or WriteBatch that is on its way
//
// Write, WriteBatch, Sync and Close also wait for the mail of another caller that is on its way. If that times out, those who
// waited fail at once. A digest that a window sends holds up nobody but Sync, Close and records above Error, and the last two leave
// a mail on its way no longer than themselves. What Close ends returns ErrClosed. Dial and Token are left behind if they do not
// return when their context ends.
//
// # Servers that are known to be peculiar
//
// exim delivers the first ten mails of a connection at once and lets the others lie until its next queue run, hence
// MailsPerConnection; it refuses the twenty-first connection, which is temporary here. exim also refuses a sender without a domain
// ("root") unless it is told otherwise (sender_unqualified_hosts); postfix adds its own. Lines of more than 998 bytes are
// bounced or broken by some: none here is, whatever was logged.
//
// # What a record cannot do
//
// A message, a field or a name may come from an attacker. None can make a header, a recipient, a second mail or a long line:
// the text is quoted-printable, the subject one line of encoded words, the addresses are parsed once, by New. A carriage return
// before a line feed is part of the line break, as for Python; every other control character arrives as it was.
//
// Differences from Python, on purpose: certificates are verified; a line break in a subject becomes a space where Python loses
// the record; Auto-Submitted keeps vacation programs quiet; the connection is kept.
//
// # How it is made
//
//	Handler ─► emitter ─┬─ window open: held, and a digest when it ends ─┐
//	                    └─ a record, or the records of a batch ──────────┴► mailer ─► internal/message   the bytes of a mail
//	                                                                          │  └──► internal/session   SMTP with the server
//	                                                                          └─ attempts: mails that may have arrived
//
// What the receivers that were run really do with what is sent to them is on the page docs/receivers.md of the repository.
package mailcore
