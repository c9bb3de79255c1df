// Package relp is a RELP client for syslog messages: the Reliable Event Logging Protocol as rsyslog's librelp speaks it,
// https://www.rsyslog.com/doc/relp.html. The receiver answers each message; until then the caller's window holds it.
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
// A frame is "TXNR SP COMMAND SP LEN [SP DATA] LF". Each connection numbers its transactions from 1 to 999,999,999, and then from 1
// again. A [Client] belongs to one connection: it counts transactions, and reports answers by the window's numbers. Answers may
// come in any order; acknowledged is what was answered without a gap.
//
// # States
//
//	new ──Open──► open ──Append, Receive──► open ──AppendClose──► closing ──Receive──► ended
//	                └── serverclose, or an unreadable answer ──► an error from Receive: the connection is given up
//
// An answer other than 200 refuses its message for good: the message is counted, and the next ones are sent. An answer without a code
// (RSP-CODE, three digits) says nothing. It ends the connection, as in librelp, and its message is sent again.
package relp
