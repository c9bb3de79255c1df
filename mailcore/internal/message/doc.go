// Package message makes mails (RFC 5322, MIME) out of log records. It knows no server.
//
//	records ──► Digest ──► Composer ──► bytes: ASCII in lines of CRLF, of at most 998 bytes
//	            text and     headers, quoted-printable,
//	            counts       the rest attached
//
// The contract: whatever a record holds, the mail has the headers it was made with and no other, and decodes to the record's text.
package message
