// Package message makes mails (RFC 5322, MIME) of log records. It knows nothing about servers.
//
//	records ──► Digest ──► Composer ──► bytes: ASCII in lines of CRLF, of at most 998 bytes
//	            text and     headers, quoted-printable,
//	            counts       the rest attached
//
// Whatever a record holds, the mail has exactly the headers it was made with, and decodes to the record's text.
package message
