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
// Memory is bounded: what does not fit in HeldBytes is counted and not shown. A digest that cannot be sent is kept and tried
// again; Sync, Close and every record above Error send it without waiting for the Interval to end. Whoever holds many
// records, such as package queuecore, hands them over by WriteBatch and gets one digest for all. What is too long to be read
// is attached, compressed.
//
// # What the server is asked
//
// Credentials make TLS a must: a server that does not offer STARTTLS, or cannot prove who it is, gets neither the password
// nor the mail. The connection is kept for IdleTime. Each exchange ends within Timeout, whatever the server does.
//
//	4xx and 421       temporary: Write returns a RetryError, and the core leaves the server alone for a while
//	5xx to the mail   final: the record is refused; a queue in front gives it up
//	some recipients   the others get the mail, and OnError hears who did not (RecipientsError)
//
// If the connection breaks after the mail was sent and before the server has said so, nobody can know whether it arrived. It
// counts as refused; whoever retries may mail it twice.
//
// # What a record cannot do
//
// A message, a field or a name may come from an attacker. None can make a header, a recipient, a second mail or a long line:
// the text is quoted-printable, the subject one line of encoded words, the addresses are parsed once, by New.
//
// Differences from Python, on purpose: certificates are verified; a line break in a subject becomes a space where Python loses
// the record; Auto-Submitted keeps vacation programs quiet; the connection is kept.
//
// What the receivers that were run really do with what is sent to them is on the page docs/receivers.md of the repository.
package mailcore
