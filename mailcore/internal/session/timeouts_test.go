package session

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimeouts(t *testing.T) {
	rfc5321 := map[step]time.Duration{ // section 4.5.3.2
		stepGreeting: 5 * time.Minute, stepMail: 5 * time.Minute, stepRcpt: 5 * time.Minute,
		stepData: 2 * time.Minute, stepContent: 3 * time.Minute, stepAnswer: 10 * time.Minute,
	}
	for s := range steps {
		times := timeouts{unit: 5 * time.Second}
		first := times.of(s)
		assert.GreaterOrEqual(t, first, 5*time.Second)
		times.expired(s)
		assert.Equal(t, 2*first, times.of(s), "the next attempt has longer")
		for range 10 {
			times.expired(s)
		}
		most := times.of(s)
		assert.LessOrEqual(t, most, 10*time.Minute, "up to a bound")
		if rfc, ok := rfc5321[s]; ok {
			assert.Equal(t, rfc, most)
		}
	}
}

func TestATimeoutShrinksOnlyForAServerThatIsFastAgain(t *testing.T) {
	times := timeouts{unit: 5 * time.Second}
	times.expired(stepAnswer)
	require.Equal(t, 2*time.Minute, times.of(stepAnswer))
	for range 5 {
		times.answered(stepAnswer, 90*time.Second)
		times.delivered()
	}
	assert.Equal(t, 2*time.Minute, times.of(stepAnswer), "it always needs 90 s")
	times.answered(stepAnswer, 40*time.Second)
	times.answered(stepAnswer, time.Millisecond)
	times.delivered()
	assert.Equal(t, 2*time.Minute, times.of(stepAnswer), "the slowest answer counts")
	times.answered(stepRcpt, time.Millisecond)
	times.delivered()
	assert.Equal(t, 2*time.Minute, times.of(stepAnswer), "it was not asked")
	times.answered(stepAnswer, time.Second)
	times.delivered()
	assert.Equal(t, time.Minute, times.of(stepAnswer))
	times.answered(stepAnswer, time.Second)
	times.delivered()
	assert.Equal(t, time.Minute, times.of(stepAnswer), "never below the first")
}

// endless is a server that never comes to the end of its answer.
type endless struct{ net.Conn }

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = "250-more\r\n"[i%10]
	}
	return len(b), nil
}

func TestAnAnswerWithoutAnEndIsCut(t *testing.T) {
	conn := &meteredConn{Conn: endless{}, left: maxAnswer}
	b := make([]byte, 4096)
	total := 0
	for {
		n, err := conn.Read(b)
		total += n
		if err != nil {
			require.ErrorIs(t, err, errTooLong)
			break
		}
		require.LessOrEqual(t, total, maxAnswer)
	}
	conn.left = maxAnswer
	_, err := conn.Read(b)
	require.NoError(t, err, "the next exchange may say as much")
}

func TestAnErrorHasNoPortOfOurs(t *testing.T) {
	server := &net.TCPAddr{IP: net.IPv6loopback, Port: 25}
	text := ""
	for port := range 3 {
		err := error(&net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{IP: net.IPv6loopback, Port: 50000 + port}, Addr: server, Err: errors.New("reset")})
		err = withVerdict(&UnansweredError{err})
		if text == "" {
			text = err.Error()
		}
		assert.Equal(t, "read tcp [::1]:25: reset", err.Error())
		var op *net.OpError
		assert.ErrorAs(t, err, &op, "who looks at the error finds all of it")
	}
	dns := &net.DNSError{Err: "read udp 10.0.0.2:43210->10.0.0.1:53: i/o timeout", Name: "mail.example.com", Server: "10.0.0.1:53"}
	assert.Equal(t, "lookup mail.example.com on 10.0.0.1:53: read udp 10.0.0.1:53: i/o timeout", withoutVariables(dns).Error())
	assert.NoError(t, withoutVariables(nil))
}
