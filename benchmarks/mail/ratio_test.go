package mail

import (
	"fmt"
	"net/smtp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkAgainstNetSMTP sends the same message in turns, by mailcore and by net/smtp, so that both meet the same machine. The
// ratio is of the medians.
func BenchmarkAgainstNetSMTP(b *testing.B) {
	for _, secure := range []bool{false, true} {
		for _, kept := range []bool{true, false} {
			b.Run(fmt.Sprintf("starttls=%t/kept=%t", secure, kept), func(b *testing.B) {
				s := start(b, &server{}, secure)
				core := newCore(b, benchConfig(s, kept))
				require.NoError(b, mailOurs(core))
				message := s.taken()[0].data
				var c *smtp.Client
				if kept {
					c = dial(b, s)
				}
				var ours, theirs []time.Duration
				for b.Loop() {
					ours = append(ours, timed(b, func() error { return mailOurs(core) }))
					theirs = append(theirs, timed(b, func() error { return mailStandard(b, s, c, message) }))
				}
				b.ReportMetric(float64(median(ours)), "ns/mailcore")
				b.ReportMetric(float64(median(theirs)), "ns/net-smtp")
				b.ReportMetric(float64(median(ours))/float64(median(theirs)), "ratio")
			})
		}
	}
}

func timed(b *testing.B, f func() error) time.Duration {
	begin := time.Now()
	require.NoError(b, f())
	return time.Since(begin)
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
