// Package session speaks SMTP (RFC 5321) with one server: it delivers one message at a time over a connection that it makes, keeps
// and ends, and says exactly what became of each message. It knows nothing of logging.
//
//	           Deliver               MAIL, RCPT…                354
//	no connection ──► handshake ──► ready ───► envelope ───► content ───► ready
//	      ▲         (dial, TLS,      │            │ a reply:     │ the reply, or
//	      │          greeting,       │            ▼ RSET         ▼ UnansweredError
//	      └──────────EHLO, AUTH)─────┴── HangUp, an error, MailsPerConnection ──┘
//
// What Deliver returns:
//
//	nil               the server's 250 after the content: the message is the server's
//	*RefusedError     the server's verdict on this message, or ours (too large): sending it again does not help
//	*TemporaryError   the server's words for "later": nothing was taken
//	*UnansweredError  the content was begun, and the server has not said what became of it: it may arrive
//	any other         the network's: nothing was taken
//
// The contract: each exchange ends within the time that its step has (see timeouts), an answer is at most 256 KiB, Interrupt shortens
// all of it, and the text of an error is the same each time the same thing fails. Interrupt and Hurry may be called at any
// time; the other methods are called one at a time.
package session
