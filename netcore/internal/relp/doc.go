// Package relp speaks RELP, the Reliable Event Logging Protocol, as rsyslog's librelp does: https://www.rsyslog.com/doc/relp.html.
// It is a client for syslog messages: each is answered by the receiver, and until then the caller's window holds it.
//
//	client                                             receiver
//	1 open LEN relp_version=0 … commands=syslog   ──►
//	                                              ◄──  1 rsp LEN 200 OK relp_version=0 … commands=syslog
//	2 syslog LEN message                          ──►
//	3 syslog LEN message                          ──►
//	                                              ◄──  2 rsp LEN 200 OK
//	                                              ◄──  3 rsp LEN 200 OK
//	4 close 0                                     ──►
//	                                              ◄──  4 rsp 0, or 0 serverclose 0
//
// A frame is "TXNR SP COMMAND SP LEN [SP DATA] LF". Transactions are numbered from 1 on with each connection, up to 999,999,999, and
// then from 1 again. A [Client] is one connection's: it counts transactions, and says by the caller's numbers what was answered.
// Answers may come in any order; what is acknowledged is what was answered without a gap.
//
// # States
//
//	new ──Open──► open ──Append, Receive──► open ──AppendClose──► closing ──Receive──► ended
//	                └── serverclose, or an answer that cannot be read ──► an error from Receive: the connection is given up
//
// An answer other than 200 refuses a message for good: it is counted, and the next ones go on. One without a code (RSP-CODE, three digits)
// says nothing, and ends the connection, as it does for librelp: what it was about is sent again.
package relp
