package eventlog

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

// cook makes the event of some strings and returns what Windows gets.
func cook(t require.TestingT, left int, in ...string) (out []string, units int) {
	tx := text{b: appendHeader(nil, Information, 0, 1, nil), strings: len(in), left: left}
	for _, s := range in {
		tx.begin()
		appendPiece(&tx, s)
		tx.end()
	}
	var ev event
	ev.load(tx.b)
	require.Len(t, ev.starts, len(in), "each string has its number")
	return list(t, &ev), len(ev.text) - len(in)
}

func TestWhatIsDoneToText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"ASCII", "payment refused", "payment refused"},
		{"nothing", "", ""},
		{"other scripts", "Zahlung für Ä, 支払い, оплата", "Zahlung für Ä, 支払い, оплата"},
		{"a surrogate pair", "a😀b", "a😀b"},
		{"NUL", "a\x00b", "a␀b"},
		{"NUL at the ends", "\x00a\x00", "␀a␀"},
		{"escape, bell, delete", "\x1b[31m\a\x7f", "␛[31m␇␡"},
		{"tabs and line ends", "a\tb\nc\r\nd", "a\tb\nc\r\nd"},
		{"not UTF-8", "a\xffb\xe2\x82", "a\uFFFDb\uFFFD\uFFFD"},
		{"half a pair, encoded", "a\xed\xa0\x80b", "a\uFFFD\uFFFD\uFFFDb"},
		{"a percent sign", "100 % of 5%", "100 % of 5%"},
		{"an insertion code", "%1", "%\u200b1"},
		{"one with more digits", "%10 %1F", "%\u200b10 %\u200b1F"},
		{"one without its string", "a%20b%2Fc %0 %9", "a%20b%2Fc %0 %9"},
		{"an account", "%{S-1-5-18}", "%\u200b{S-1-5-18}"},
		{"a parameter", "%%1832 %%", "%\u200b%\u200b1832 %%"},
		{"a percent sign at the end", "5%", "5%"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, _ := cook(t, maxUnits, test.in)
			assert.Equal(t, test.want, out[0])
		})
	}
}

func TestInsertionCodesOfSeveralStrings(t *testing.T) {
	out, _ := cook(t, maxUnits, "%1%2%3", "%3", "%4 %12")
	assert.Equal(t, []string{"%\u200b1%\u200b2%\u200b3", "%\u200b3", "%4 %\u200b12"}, out, "%4 stands for nothing")
}

func TestTextIsCutAtTheLimit(t *testing.T) {
	mark := len(utf16.Encode([]rune(cutMark)))
	tests := []struct {
		name, in  string
		wantUnits int
		wantKept  string // before the mark; "" if nothing is cut
	}{
		{"one unit less", strings.Repeat("a", 99), 99, ""},
		{"just fits", strings.Repeat("a", 100), 100, ""},
		{"one too many", strings.Repeat("a", 101), 100, strings.Repeat("a", 100-mark)},
		{"very many", strings.Repeat("a", 100000), 100, strings.Repeat("a", 100-mark)},
		{"pairs that just fit", strings.Repeat("😀", 50), 100, ""},
		{"a pair across the limit", strings.Repeat("a", 99) + "😀", 100, strings.Repeat("a", 100-mark)},
		{"a pair across the cut", strings.Repeat("a", 100-mark-1) + strings.Repeat("😀", 10), 99, strings.Repeat("a", 100-mark-1)},
		{"a pair just before the cut", strings.Repeat("a", 100-mark-2) + strings.Repeat("😀", 10), 100, strings.Repeat("a", 100-mark-2) + "😀"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, units := cook(t, 100, test.in)
			assert.Equal(t, test.wantUnits, units)
			if test.wantKept == "" {
				assert.Equal(t, test.in, out[0])
			} else {
				assert.Equal(t, test.wantKept+cutMark, out[0])
			}
		})
	}
}

func TestStringsShareTheLimit(t *testing.T) {
	out, units := cook(t, 100, strings.Repeat("a", 60), strings.Repeat("b", 60), "c", "")
	assert.Equal(t, []string{strings.Repeat("a", 60), strings.Repeat("b", 33) + cutMark, "", ""}, out)
	assert.Equal(t, 100, units)
	out, _ = cook(t, 63, strings.Repeat("a", 60), "bbbb")
	assert.Equal(t, "… [", out[1], "there is always a sign that something was cut, if there is room for one")
}

func TestTheLimitOfAnEvent(t *testing.T) {
	ev := writeOne(t, Config{}, entry(zapcore.InfoLevel, strings.Repeat("é", 200_000)))
	assert.Len(t, ev.text, 31_000+1)
	assert.True(t, strings.HasSuffix(list(t, &ev)[0], "é"+cutMark))
}

// FuzzText holds what Windows needs of any strings at all: whole UTF-16, no NUL, within the limit, and no insertion code.
func FuzzText(f *testing.F) {
	f.Add("payment refused", "", 100)
	f.Add("a\x00😀%1%%2%{\xff", "%2%12", 9)
	f.Add(strings.Repeat("😀", 30), "b", 51)
	f.Fuzz(func(t *testing.T, a, b string, left int) {
		left = min(max(left, 0), maxUnits)
		out, units := cook(t, left, a, b) // list, in it, checks the UTF-16
		require.LessOrEqual(t, units, left)
		for i, s := range out {
			for _, code := range []string{"%1", "%2", "%{"} {
				require.NotContains(t, s, code)
			}
			if plain(a) && plain(b) && len(a)+len(b) <= left {
				require.Equal(t, []string{a, b}[i], s, "what needs no change is not changed")
			}
		}
	})
}

// plain tells whether s is text that needs no change.
func plain(s string) bool {
	bad := func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == 0x7f || r == '%' }
	return utf8.ValidString(s) && !strings.ContainsFunc(s, bad)
}

// FuzzEvent holds that an event arrives as it was sent.
func FuzzEvent(f *testing.F) {
	f.Add(uint16(4), uint16(0), uint32(1), []byte(nil), "a")
	f.Add(uint16(1), uint16(9), uint32(1<<31), []byte{0, 1, 2}, "😀")
	f.Fuzz(func(t *testing.T, kind, category uint16, id uint32, data []byte, s string) {
		tx := text{b: appendHeader([]byte("before")[:0], Type(kind), category, id, data), strings: 0, left: len(s) + 1}
		tx.begin()
		appendPiece(&tx, s)
		tx.end()
		ev := event{text: []uint16{1, 2, 3}, starts: []int{7}, data: []byte("old")}
		ev.load(tx.b)
		require.Equal(t, Type(kind), ev.kind)
		require.Equal(t, category, ev.category)
		require.Equal(t, id, ev.id)
		require.Equal(t, string(data), string(ev.data))
		require.Len(t, list(t, &ev), 1)
	})
}
