package netcore

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// relpHangUp is an answer that ends the connection.
const relpHangUp = "hang up"

// relpReceiver opens a session, and then answers each transaction by what answer returns; nothing if that is empty.
func relpReceiver(t *testing.T, answer func(transaction int, command, data string) string) string {
	return relpListen(t, answer, false)
}

// relpGathering is relpReceiver, but for that it sends answers when there is nothing more to read: if it hangs up before, they are lost.
func relpGathering(t *testing.T, answer func(transaction int, command, data string) string) string {
	return relpListen(t, answer, true)
}

func relpListen(t *testing.T, answer func(transaction int, command, data string) string, gathers bool) string {
	return sockets.Listen(t, "tcp", func(conn net.Conn) {
		var gathered []byte
		for r := bufio.NewReaderSize(conn, 1<<20); ; {
			var transaction, size int
			var command string
			if _, err := fmt.Fscanf(r, "%d %s %d", &transaction, &command, &size); err != nil {
				return
			}
			data := make([]byte, size+1) // with the newline, or the space before the data
			for i := range data {
				data[i], _ = r.ReadByte()
			}
			if size > 0 {
				_, _ = r.ReadByte()
			}
			reply := answer(transaction, command, string(data))
			if reply == relpHangUp {
				return
			}
			if command == "open" && reply == "" {
				reply = "1 rsp 22 200 OK\ncommands=syslog\n"
			}
			if gathered = append(gathered, reply...); gathers && r.Buffered() > 0 {
				continue
			}
			if _, err := conn.Write(gathered); err != nil {
				return
			}
			gathered = gathered[:0]
		}
	}).Address()
}

// newRELP returns an Emitter for the receiver at address, and what it reports.
func newRELP(t *testing.T, address string, cfg EmitterConfig) (*Emitter, *errorLog) {
	log := &errorLog{}
	cfg.Address, cfg.RELP, cfg.Report = address, true, base.NewReporter("test", log.add)
	e, err := NewEmitter(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close() })
	return e, log
}

func emit(e *Emitter, message string) error { return e.Emit(zapcore.Entry{}, []byte(message)) }

// TestRELPRefusedMessage: what a receiver refuses for good is dropped and reported, and the others go on.
func TestRELPRefusedMessage(t *testing.T) {
	address := relpReceiver(t, func(transaction int, command, data string) string {
		switch {
		case command == "open":
			return ""
		case strings.Contains(data, "bad"):
			return fmt.Sprintf("%d rsp 8 500 what\n", transaction)
		}
		return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
	})
	e, log := newRELP(t, address, EmitterConfig{Timeout: soon})
	for _, message := range []string{"good", "bad", "good too"} {
		require.NoError(t, emit(e, message))
	}
	require.NoError(t, e.Sync())
	delivered, dropped, ok := e.Account()
	require.True(t, ok)
	assert.EqualValues(t, 2, delivered)
	assert.EqualValues(t, 1, dropped)
	require.NoError(t, emit(e, "more"))
	require.Eventually(t, func() bool { return log.contains("the receiver has refused records") }, soon, tick)
	assert.False(t, e.Unconfirmed())
}

// TestRELPRefusesEverything: no record of which is ever taken is told as a recovery, and what Close learns of is its error.
func TestRELPRefusesEverything(t *testing.T) {
	var takes atomic.Bool
	closing := make(chan struct{})
	address := relpReceiver(t, func(transaction int, command, data string) string {
		switch {
		case command == "open":
			return ""
		case strings.Contains(data, "late"):
			<-closing
		case takes.Load():
			return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
		}
		return fmt.Sprintf("%d rsp 8 500 what\n", transaction)
	})
	e, log := newRELP(t, address, EmitterConfig{Timeout: soon})
	for i := range uint64(50) {
		require.NoError(t, emit(e, "bad"))
		require.NoError(t, e.Sync())
		_, dropped, _ := e.Account()
		require.Equal(t, i+1, dropped)
	}
	require.Eventually(t, func() bool { return log.contains("the receiver has refused records") }, soon, tick)
	assert.False(t, log.contains("working again"))

	takes.Store(true)
	require.NoError(t, emit(e, "good"))
	require.NoError(t, e.Sync())
	require.Eventually(t, func() bool { return log.contains("working again, 50 records were lost") }, soon, tick)

	takes.Store(false)
	require.NoError(t, emit(e, "late"))
	close(closing)
	var lost *LostError
	require.ErrorAs(t, e.Close(), &lost)
	assert.EqualValues(t, 1, lost.Records)
	require.ErrorContains(t, lost, "the receiver has refused records")
	delivered, dropped, _ := e.Account()
	assert.EqualValues(t, 1, delivered)
	assert.EqualValues(t, 51, dropped)
}

// TestRELPBounds: no call waits longer than its time for a receiver that does not answer.
func TestRELPBounds(t *testing.T) {
	const slack = 3 * time.Second
	within := func(t *testing.T, call func() error, want string) {
		t.Helper()
		start := time.Now()
		err := call()
		assert.Less(t, time.Since(start), 2*sockets.Brief+slack)
		require.ErrorContains(t, err, want)
	}
	t.Run("at all", func(t *testing.T) {
		silent := sockets.Listen(t, "tcp", func(net.Conn) { <-t.Context().Done() })
		e, _ := newRELP(t, silent.Address(), EmitterConfig{Timeout: sockets.Brief})
		within(t, func() error { return emit(e, "x") }, "i/o timeout: the peer may not know of RELP")
	})
	t.Run("after the session began", func(t *testing.T) {
		address := relpReceiver(t, func(int, string, string) string { return "" })
		e, _ := newRELP(t, address, EmitterConfig{Timeout: sockets.Brief, WindowFrames: 3})
		for range 3 {
			require.NoError(t, emit(e, "x"), "there is room in the window")
		}
		within(t, func() error { return emit(e, "x") }, "does not confirm")
		within(t, e.Sync, "does not confirm")
		within(t, e.Close, "3 records lost")
	})
	t.Run("to one message, until Close", func(t *testing.T) {
		address := relpReceiver(t, func(transaction int, command, message string) string {
			switch {
			case command == "syslog" && strings.HasSuffix(message, "1"):
				return ""
			case command == "syslog" && strings.HasSuffix(message, "3"):
				return fmt.Sprintf("%d rsp 6 500 no\n", transaction)
			}
			return fmt.Sprintf("%d rsp 22 200 OK\ncommands=syslog\n", transaction)
		})
		e, _ := newRELP(t, address, EmitterConfig{Timeout: sockets.Brief})
		for i := range 6 {
			require.NoError(t, emit(e, fmt.Sprint("record ", i)))
		}
		var lost *LostError
		require.ErrorAs(t, e.Close(), &lost)
		assert.EqualValues(t, 2, lost.Records, "the answers to those behind it have come")
		delivered, dropped, _ := e.Account()
		assert.EqualValues(t, 4, delivered)
		assert.EqualValues(t, 2, dropped)
	})
	t.Run("to the end of a session", func(t *testing.T) {
		address := relpReceiver(t, func(transaction int, command, _ string) string {
			if command == "syslog" {
				return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
			}
			return ""
		})
		e, _ := newRELP(t, address, EmitterConfig{Timeout: sockets.Brief})
		require.NoError(t, emit(e, "x"))
		start := time.Now()
		require.NoError(t, e.Close())
		assert.Less(t, time.Since(start), 2*sockets.Brief+slack)
	})
}

func TestRELPConfig(t *testing.T) {
	for _, test := range []struct {
		cfg  EmitterConfig
		want string
	}{
		{EmitterConfig{Network: "udp", RELP: true}, "Config.RELP needs a stream"},
		{EmitterConfig{RELP: true, Ack: true}, "Config.RELP excludes Ack, Key and Forward"},
		{EmitterConfig{WindowFrames: 1}, "Config.WindowFrames 1 is for RELP"},
		{EmitterConfig{RELP: true, WindowFrames: -1}, "Config.WindowFrames -1 is for RELP"},
	} {
		test.cfg.Address, test.cfg.Report = "x:1", base.NewReporter("test", ignore)
		_, err := NewEmitter(test.cfg)
		require.ErrorContains(t, err, test.want)
	}
}

// TestRELPAnswerWithoutACode: an answer that says neither yes nor no acknowledges nothing. The message is sent again.
func TestRELPAnswerWithoutACode(t *testing.T) {
	for _, silent := range []string{"%d rsp 0\n", "%d rsp 2 OK\n"} {
		var seen atomic.Int32
		address := relpReceiver(t, func(transaction int, command, _ string) string {
			switch {
			case command == "open":
				return ""
			case command == "syslog" && seen.Add(1) == 1:
				return fmt.Sprintf(silent, transaction)
			}
			return fmt.Sprintf("%d rsp 6 200 OK\n", transaction)
		})
		e, _ := newRELP(t, address, EmitterConfig{RetryStart: time.Millisecond})
		require.NoError(t, emit(e, "one"))
		require.Eventually(t, func() bool { return e.Sync() == nil }, soon, tick)
		delivered, dropped, _ := e.Account()
		assert.Equal(t, []uint64{1, 0}, []uint64{delivered, dropped})
		assert.EqualValues(t, 2, seen.Load())
	}
}
