package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// remotes are the destinations of remote.go.
func remotes(t *testing.T) (kinds []kind) {
	for _, k := range destinations(config{}) {
		if _, ok := k.make().(*remote); ok {
			kinds = append(kinds, k)
		}
	}
	require.Len(t, kinds, 5)
	return kinds
}

func TestRemotesGetEveryRecord(t *testing.T) {
	ok, _, stdout, stderr := try(t, t.Context(), config{requests: 2000}, remotes(t)...)
	assert.True(t, ok, "%s%s", stdout, stderr)
	for _, name := range []string{"OTLP", "RELP", "Fluent Forward", "GELF over TCP"} {
		assert.Regexp(t, `(?m)^queue → `+name+` +2,000 +2,000 +0 +0 +0 +2,000 `, stdout)
	}
}

func TestRemotesGetEveryLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "input")
	text := "plain\n\n \nNUL \x00 here\nfrom Windows\r\n-\n{\"level\":\"error\"}\nMESSAGE=forged\n" + strings.Repeat("long ", 40_000) + "\n\xff"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	ok, _, stdout, stderr := try(t, t.Context(), config{input: path}, remotes(t)...)
	assert.True(t, ok, "%s%s", stdout, stderr)
	assert.Contains(t, stdout, "10 lines in ")
}

func TestARemoteThatDoesNotOpen(t *testing.T) {
	d := &remote{start: func(func(*record) error) (link, error) { return link{}, errors.ErrUnsupported }}
	_, err := d.open(t.TempDir())
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestOnly(t *testing.T) {
	kinds, err := chosen(destinations(config{}), "RELP|Forward")
	require.NoError(t, err)
	require.Len(t, kinds, 2)
	var stderr bytes.Buffer
	for want, args := range map[string][]string{
		"there is no such destination": {"-only", "pigeon"},
		"missing closing":              {"-only", "("},
		"and no -only":                 {"-only", "RELP", "-durable", t.TempDir()},
	} {
		stderr.Reset()
		assert.NotZero(t, command(t.Context(), args, &stderr, &stderr))
		assert.Contains(t, stderr.String(), want)
	}
}
