package main

import (
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// events is what wevtutil query-events writes.
const events = `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='zaphandlers service'/>` +
	`<EventID Qualifiers='0'>1</EventID><Level>4</Level></System><EventData><Data>{"msg":"one &lt;&amp;&gt; %` + "\u200b" + `10"}</Data></EventData></Event>` + "\r\n" +
	`<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System/><EventData><Data>{"msg":"Grüße 世界 😀"}</Data></EventData></Event>` + "\r\n"

func inUTF16(text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

func TestReadEvents(t *testing.T) {
	for name, text := range map[string]string{"as it is": events, "with a byte order mark": "\ufeff" + events} {
		for pieces, reader := range map[string]func(io.Reader) io.Reader{"whole": iotest.DataErrReader, "byte by byte": iotest.OneByteReader} {
			t.Run(name+", "+pieces, func(t *testing.T) {
				var got []string
				err := readEvents(reader(strings.NewReader(inUTF16(text))), func(text []byte, where string) { got = append(got, where+": "+string(text)) })
				require.NoError(t, err)
				assert.Equal(t, []string{`event 1: {"msg":"one <&> %10"}`, `event 2: {"msg":"Grüße 世界 😀"}`}, got)
			})
		}
	}
	require.ErrorContains(t, readEvents(strings.NewReader(inUTF16(events[:200])), func([]byte, string) {}), "event 1: ")
}

func TestEventLogOnOtherSystems(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this is Windows")
	}
	_, err := new(eventLog).open(t.TempDir())
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}
