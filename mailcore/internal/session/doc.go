// Package session speaks SMTP (RFC 5321) with one server. It delivers one message at a time, over a connection that it makes, keeps and
// ends, and says exactly what became of each message. It knows nothing about logging.
//
//	           Deliver               MAIL, RCPT…                354
//	no connection ──► handshake ──► ready ───► envelope ───► content ───► ready
//	      ▲         (dial, TLS,      │            │ a reply:     │ the reply, or
//	      │          greeting,       │            ▼ RSET         ▼ UnansweredError
//	      └──────────EHLO, AUTH)─────┴── HangUp, an error, MailsPerConnection ──┘
//
// What Deliver returns:
//
//	nil               the server's 250 after the content: the server has the message
//	*RefusedError     the message is refused, by the server or here (too large): sending it again does not help
//	*TemporaryError   the server says "later": it took nothing
//	*UnansweredError  the content was sent, but not answered: the message may arrive
//	any other         a failure of the network: the server took nothing
//
// Each exchange ends within the time of its step (see timeouts). An answer has at most 256 KiB. Interrupt shortens everything. A
// repeated failure has the same error text each time. Interrupt and Hurry may be called at any time; the other methods are called one
// at a time.
package session
