package session

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The conversation of RFC 7677 section 3.
func TestSCRAMIsTheOneOfTheRFC(t *testing.T) {
	a := &scram{username: "user", password: "pencil", nonce: "rOprNGfwEbeRWgbNEkqO"}
	name, first, err := a.Start(nil)
	require.NoError(t, err)
	assert.Equal(t, "SCRAM-SHA-256", name)
	assert.Equal(t, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO", string(first))
	final, err := a.Next([]byte("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), true)
	require.NoError(t, err)
	assert.Equal(t, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", string(final))
	_, err = a.Next([]byte("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), true)
	require.NoError(t, err)
	_, err = a.Next(nil, false)
	require.NoError(t, err)
}

func TestSCRAMTrustsNoServer(t *testing.T) {
	const nonce = "0123456789"
	good := "r=" + nonce + "more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	tests := []struct{ name, first, final, err string }{
		{"says yes without proof", good, "", "did not prove"},
		{"proves wrong", good, "v=AAAA", "does not know the password"},
		{"says an error", good, "e=other-error", "e=other-error"},
		{"has another nonce", strings.Replace(good, nonce, "9876543210", 1), "", "nonce"},
		{"adds nothing to the nonce", strings.Replace(good, "more", "", 1), "", "nonce"},
		{"wants few iterations", strings.Replace(good, "4096", "1", 1), "", "iterations"},
		{"wants iterations for ever", strings.Replace(good, "4096", "999999999", 1), "", "iterations"},
		{"has no salt", strings.Replace(good, "W22ZaJ0SNY7soEsUEjb6gQ==", "", 1), "", "salt"},
		{"says nothing", "", "", "first message"},
		{"wants an extension", "m=x," + good, "", "first message"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := &scram{username: "user", password: "pencil", nonce: nonce}
			_, err := a.Next([]byte(test.first), true)
			if err == nil && test.final != "" {
				_, err = a.Next([]byte(test.final), true)
			} else if err == nil {
				_, err = a.Next(nil, false)
			}
			require.ErrorContains(t, err, test.err)
		})
	}
	assert.Equal(t, "n=a=3Db=2Cc,r=x", (&scram{username: "a=b,c", nonce: "x"}).clientFirst())
}

func FuzzSCRAM(f *testing.F) {
	f.Add("r=0123456789more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "v=AAAA")
	f.Fuzz(func(t *testing.T, first, final string) {
		if strings.Contains(first, "i=") && len(first) > 0 && !strings.HasSuffix(first, ",i=4096") {
			return // the iterations take time, and nothing else
		}
		a := &scram{username: "user", password: "pencil", nonce: "0123456789"}
		if _, err := a.Next([]byte(first), true); err != nil {
			return
		}
		_, err := a.Next([]byte(final), true)
		if err == nil {
			_, err = a.Next(nil, false)
		}
		require.Error(t, err, "nobody proves a password that he does not know")
	})
}
