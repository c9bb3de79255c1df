package relp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeWindow notes what it is told.
type fakeWindow struct {
	acknowledged uint64
	rejected     int
	ahead        uint64
}

func (w *fakeWindow) Acknowledge(sequence uint64) error { w.acknowledged = sequence; return nil }
func (w *fakeWindow) Reject()                           { w.rejected++ }
func (w *fakeWindow) Ahead(n uint64)                    { w.ahead = n }

// conversation is a connection whose other end says what it says.
type conversation struct {
	io.Reader
	bytes.Buffer
}

func (c *conversation) Read(b []byte) (int, error) { return c.Reader.Read(b) }

const welcome = "1 rsp 93 200 OK\nrelp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog\n"

func open(t *testing.T, answer string, first uint64) (*Client, *fakeWindow, *conversation, error) {
	w, conn := &fakeWindow{}, &conversation{Reader: strings.NewReader(answer)}
	c, err := Open(conn, w, first)
	return c, w, conn, err
}

func TestOpen(t *testing.T) {
	_, _, conn, err := open(t, welcome, 1)
	require.NoError(t, err)
	assert.Equal(t, "1 open 56 relp_version=0\nrelp_software=zaphandlers\ncommands=syslog\n", conn.String())
	for _, test := range []struct{ answer, want string }{
		{"", "EOF"},
		{"1 rsp 10 500 no way\n", `refuses the session: "500 no way"`},
		{"1 rsp 23 200 OK\nrelp_version=0\nx\n", "does not offer the command syslog"},
		{"2 rsp 6 200 OK\n", `answers open with "rsp"`},
		{"0 serverclose 0\n", `answers open with "serverclose"`},
		{"HTTP/1.1 400 Bad Request\r\n", "no frame of RELP"},
		{strings.Repeat("x", 200) + "\n", "no frame of RELP"},
		{"1 rsp 99999999 x\n", "no frame of RELP"},
	} {
		t.Run(test.answer, func(t *testing.T) {
			_, _, _, err := open(t, test.answer, 1)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// TestOffers holds that offers are found in any order and in other spellings.
func TestOffers(t *testing.T) {
	for offers, want := range map[string]bool{
		"commands=syslog": true,
		"relp_version=0\ncommands=syslog\nrelp_software=x": true,
		"commands=eventlog,syslog":                         true,
		"commands=eventlog, syslog":                        true,
		"Commands = SYSLOG\r":                              true,
		"commands=syslog \r\nrelp_version=1\r":             true,
		"commands=eventlog\ncommands=syslog":               true,
		"commands=":                                        false,
		"commands":                                         false,
		"commands=syslogs":                                 false,
		"relp_software=commands,syslog":                    false,
	} {
		answer := "200 OK\n" + offers
		_, _, _, err := open(t, fmt.Sprintf("1 rsp %d %s\n", len(answer), answer), 1)
		if want {
			require.NoError(t, err, "%q", offers)
		} else {
			require.ErrorContains(t, err, "does not offer", "%q", offers)
		}
	}
}

func TestAppend(t *testing.T) {
	c, _, _, err := open(t, welcome, 1)
	require.NoError(t, err)
	assert.Equal(t, "2 syslog 5 a\nb c\n", string(c.Append(nil, []byte("a\nb c"))))
	assert.Equal(t, "3 syslog 0\n", string(c.Append(nil, nil)))
	c.transaction.Store(maxTransaction - 1)
	assert.Equal(t, "999999999 syslog 1 x\n1 syslog 1 y\n", string(c.Append(c.Append(nil, []byte("x")), []byte("y"))))
	assert.Equal(t, "2 close 0\n", string(c.AppendClose(nil)))
}

func TestReceive(t *testing.T) {
	for _, test := range []struct {
		name, answers string
		acknowledged  uint64
		rejected      int
		rest          string
		err           error
	}{
		{"answers in order", "2 rsp 6 200 OK\n3 rsp 6 200 OK\n", 42, 0, "", nil},
		{"answers out of order", "3 rsp 6 200 OK\n4 rsp 6 200 OK\n2 rsp 6 200 OK\n", 43, 0, "", nil},
		{"a gap", "2 rsp 6 200 OK\n4 rsp 6 200 OK\n", 41, 0, "", nil},
		{"a refusal, which costs that message", "2 rsp 8 500 what\n3 rsp 6 200 OK\n", 42, 1, "", nil},
		{"half an answer", "2 rsp 6 200 OK\n3 rsp 6 200", 41, 0, "3 rsp 6 200", nil},
		{"a code that is no number", "2 rsp 6 2a0 OK\n", 0, 0, "", errNoCode},
		{"a code without a text", "2 rsp 3 200\n3 rsp 4 200\n\n", 42, 0, "", nil},
		{"an answer without a code", "2 rsp 6 200 OK\n3 rsp 0\n4 rsp 6 200 OK\n", 41, 0, "", errNoCode},
		{"an answer without a code, behind a gap", "4 rsp 0\n", 0, 0, "", errNoCode},
		{"an answer with words alone", "2 rsp 2 OK\n", 0, 0, "", errNoCode},
		{"a code that is too long", "2 rsp 7 2000 OK\n", 0, 0, "", errNoCode},
		{"the end", "2 rsp 6 200 OK\n0 serverclose 0\n", 41, 0, "", errServerClose},
		{"an answer that comes again", "2 rsp 8 500 what\n2 rsp 8 500 what\n4 rsp 3 500\n4 rsp 3 500\n3 rsp 6 200 OK\n3 rsp 3 500\n", 43, 2, "", nil},
		{"an answer to open once more", "1 rsp 6 200 OK\n2 rsp 6 200 OK\n", 41, 0, "", nil},
		{"an answer to what was not sent", "2 rsp 6 200 OK\n6 rsp 6 200 OK\n", 41, 0, "", errNotSent},
		{"an answer to what will never be sent", "1000000000 rsp 6 200 OK\n", 0, 0, "", errNotSent},
		{"an answer to nothing", "0 rsp 3 500\n", 0, 0, "", errNotSent},
		{"nonsense", "2 rsp 6 200 OKx", 0, 0, "", errNoFrame},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, w, _, err := open(t, welcome, 41)
			require.NoError(t, err)
			for range 4 {
				c.Append(nil, []byte("m"))
			}
			rest, err := c.Receive([]byte(test.answers))
			require.True(t, errors.Is(err, test.err), "%v", err)
			assert.Equal(t, test.rest, string(rest))
			assert.Equal(t, test.acknowledged, w.acknowledged)
			assert.Equal(t, test.rejected, w.rejected)
		})
	}
	t.Run("what was taken behind a gap", func(t *testing.T) {
		c, w, _, err := open(t, welcome, 41)
		require.NoError(t, err)
		for range 6 {
			c.Append(nil, []byte("m"))
		}
		for _, step := range []struct {
			answer              string
			acknowledged, ahead uint64
		}{
			{"3 rsp 6 200 OK\n", 0, 1}, {"4 rsp 3 500\n", 0, 1}, {"3 rsp 6 200 OK\n", 0, 1}, {"6 rsp 6 200 OK\n", 0, 2}, {"7 rsp 3 200\n", 0, 3},
			{"2 rsp 6 200 OK\n", 43, 2}, {"5 rsp 6 200 OK\n", 46, 0},
		} {
			_, err := c.Receive([]byte(step.answer))
			require.NoError(t, err)
			require.Equal(t, step.acknowledged, w.acknowledged, step.answer)
			require.Equal(t, step.ahead, w.ahead, step.answer)
		}
		require.Empty(t, c.early)
	})
	t.Run("the answer to close", func(t *testing.T) {
		c, w, _, err := open(t, welcome, 1)
		require.NoError(t, err)
		c.AppendClose(nil)
		_, err = c.Receive([]byte("2 rsp 0\n"))
		require.ErrorIs(t, err, errServerClose)
		assert.Zero(t, w.acknowledged)
	})
}

func TestAllocations(t *testing.T) {
	c, _, _, err := open(t, welcome, 1)
	require.NoError(t, err)
	var message, answer []byte
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		message = c.Append(message[:0], []byte("a message"))
		answer = append(strconv.AppendUint(answer[:0], c.transaction.Load(), 10), " rsp 6 200 OK\n"...)
		if _, err := c.Receive(answer); err != nil {
			panic(err)
		}
	}))
}

// FuzzParse holds that a frame is found again, and that nothing is read beyond what is there.
func FuzzParse(f *testing.F) {
	f.Add([]byte("2 rsp 6 200 OK\n3 rsp"), []byte("message"))
	f.Add([]byte("99999999999999999999 rsp 1 x\n"), []byte(""))
	f.Add([]byte("1 rsp -1 x\n"), []byte("\n"))
	f.Fuzz(func(t *testing.T, noise, data []byte) {
		_, n, err := parse(noise)
		require.LessOrEqual(t, n, len(noise))
		if err != nil {
			require.Zero(t, n)
		}
		if len(data) > maxData {
			return
		}
		b := appendFrame(nil, 7, "rsp", data)
		for i := range b {
			_, n, err := parse(b[:i])
			require.NoError(t, err)
			require.Zero(t, n, "%q", b[:i])
		}
		f, n, err := parse(append(b, noise...))
		require.NoError(t, err)
		require.Equal(t, len(b), n)
		require.Equal(t, fmt.Sprintf("7 rsp %q", data), fmt.Sprintf("%d %s %q", f.transaction, f.command, f.data))
	})
}
