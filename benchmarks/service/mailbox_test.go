package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mailKind(d *mailbox) kind { return kind{"mail", func() destination { return d }} }

func TestTheMailHoldsTheWholeRun(t *testing.T) {
	ok, _, stdout, stderr := try(t, t.Context(), config{requests: 500}, mailKind(&mailbox{to: "ops@example.com"}))
	require.True(t, ok, "%s%s", stdout, stderr)
	assert.Regexp(t, `mail +500 +500 +0 +0 +0 +500 `, stdout)
}

func TestAMailHoldsALineThatIsLongerThanItsText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "input")
	long := strings.Repeat("long ", 40_000) + "\n"
	require.NoError(t, os.WriteFile(path, []byte(long+"short\n"+long+long), 0o644))
	ok, _, stdout, stderr := try(t, t.Context(), config{input: path, producers: 1}, mailKind(&mailbox{to: "ops@example.com"}))
	require.True(t, ok, "%s%s", stdout, stderr)
}

func TestTheMailGoesToTheServerOfTheFlag(t *testing.T) {
	var server mailbox
	require.NoError(t, server.serve())
	defer func() { require.NoError(t, server.close()) }()
	cfg, err := parse([]string{"-smtp", server.addr, "-mailto", "ops@example.com", "-requests", "100"}, new(strings.Builder))
	require.NoError(t, err)
	var d *mailbox
	for _, k := range destinations(cfg) {
		if m, is := k.make().(*mailbox); is {
			d = m
		}
	}
	require.NotNil(t, d)
	ok, _, stdout, stderr := try(t, t.Context(), cfg, mailKind(d))
	require.True(t, ok, "%s%s", stdout, stderr)
	assert.Nil(t, d.own)
}

func TestADigestThatHoldsLessThanItSays(t *testing.T) {
	const message = "Subject: log (2 records)\nContent-Type: text/plain\n\n2 records (2 info)\n\n{}\n"
	err := readMail(strings.NewReader(message), "mail 1", newTally(2))
	require.ErrorContains(t, err, "and it says 2")
}
