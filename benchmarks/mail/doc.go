// Package mail holds mailcore against others: emersion/go-smtp is the server that does everything wrong, wneessen/go-mail is
// the second opinion on what is sent, and net/smtp, sending the same bytes, is what a mail costs at least.
//
//	go -C benchmarks test ./mail
//	go -C benchmarks test ./mail -run '^$' -bench . -benchmem
package mail
