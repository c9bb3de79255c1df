package session

import (
	"bufio"
	"errors"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplies(t *testing.T) {
	for _, test := range []struct {
		name, said string
		want, code int
		text       string
	}{
		{"a code and a text", "250 ok\r\n", positive, 250, "ok"},
		{"a code alone", "250\r\n", positive, 250, ""},
		{"a code alone that is wanted", "354\r\n", 354, 354, ""},
		{"a code and a blank", "250 \r\n", positive, 250, ""},
		{"several lines", "250-a\r\n250-b\r\n250 c\r\n", positive, 250, "a\nb\nc"},
		{"several lines, of which the last is a code alone", "250-a\r\n250\r\n", positive, 250, "a\n"},
		{"a line without its code", "550-a\r\nb\r\n550 c\r\n", 0, 550, "a\nb\nc"},
		{"codes that differ", "250-a\r\n450 b\r\n", 0, 450, "a\nb"},
		{"lines that end in two carriage returns", "250-a\r\r\n250 b\r\r\n", positive, 250, "a\nb"},
		{"a code alone, and two carriage returns", "250\r\r\n", positive, 250, ""},
		{"blanks around the text", "250-  a \t\r\n250 \tb  c \r\n", positive, 250, "a\nb  c"},
		{"lines that end without a carriage return", "250 ok\n", positive, 250, "ok"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := textproto.NewReader(bufio.NewReader(strings.NewReader(test.said + "221 bye\r\n")))
			code, text, err := readReply(r, test.want)
			require.NoError(t, err)
			assert.Equal(t, test.code, code)
			assert.Equal(t, test.text, text)
			code, _, err = readReply(r, 221)
			require.NoError(t, err, "nothing of the next reply was taken")
			assert.Equal(t, 221, code)
		})
	}
}

func TestRepliesThatAreNotWanted(t *testing.T) {
	for _, said := range []string{"\r\n", "hello\r\n", "25 x\r\n", "2500 x\r\n", "250_x\r\n", " 250 x\r\n", "-50 x\r\n", "+50 x\r\n", "000 x\r\n", "", "250-a\r\n",
		"250-a\r\n25"} {
		_, _, err := readReply(textproto.NewReader(bufio.NewReader(strings.NewReader(said))), positive)
		require.Error(t, err, said)
		assert.Zero(t, replyCode(err), said)
	}
	_, _, err := readReply(textproto.NewReader(bufio.NewReader(strings.NewReader("550-"+strings.Repeat("ö", 9999)+"\r\n550\r\n"))), positive)
	var reply *textproto.Error
	require.True(t, errors.As(err, &reply))
	assert.Equal(t, 550, reply.Code)
	assert.Less(t, len(reply.Msg), maxReplyText+9)
}
