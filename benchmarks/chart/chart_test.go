package chart

import (
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func example() Chart {
	return Chart{
		Title: "How long: short is good", Subtitle: "on <this> machine", Source: "today", Axis: "seconds",
		Legend: []Key{{Ours, "ours"}, {Others, "theirs"}},
		Columns: [][]Panel{
			{{"first", []Bar{{Name: "fast", Ours: true, Parts: []Part{{1, Ours}}, Note: "1 s"}, {Name: "slow", Parts: []Part{{2, Floor}, {5, Others}}, Note: "7 s"}}}},
			{{"second", []Bar{{Name: "lossy", Parts: []Part{{3, Lost}}, Note: "3 s", Alarm: true}}}},
		},
	}
}

// texts returns what is written in a picture, and how wide its widest bar is.
func texts(t *testing.T, svg []byte) (all string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		if text, ok := token.(xml.CharData); ok {
			all += string(text) + "\n"
		}
	}
}

func TestSVGSaysAll(t *testing.T) {
	for _, theme := range Themes {
		for _, log := range []bool{false, true} {
			c := example()
			c.Log = log
			svg, err := c.SVG(theme)
			require.NoError(t, err)
			all := texts(t, svg)
			for _, text := range []string{
				c.Title, c.Subtitle, c.Source, c.Axis, "ours", "theirs", "first", "second", "fast", "slow", "lossy", "1 s", "7 s", "3 s",
			} {
				assert.Contains(t, all, text+"\n", theme.Name)
			}
			assert.Contains(t, string(svg), "Arial", "a font that there is")
			assert.NotContains(t, string(svg), "NaN")
		}
	}
}

func TestThemesColorEverything(t *testing.T) {
	for _, theme := range Themes {
		for i, fill := range theme.Fill {
			assert.NotNil(t, fill, "%s: color %d", theme.Name, i)
		}
	}
}

func TestWhatCannotBeDrawn(t *testing.T) {
	_, err := Chart{}.SVG(Themes[0])
	assert.ErrorContains(t, err, "nothing to draw")
	for _, value := range []float64{math.NaN(), math.Inf(1), 0} {
		c := example()
		c.Log = true
		c.Columns[0][0].Bars[1].Parts[0].Value = value
		_, err = c.SVG(Themes[0])
		assert.ErrorContains(t, err, "first, slow")
	}
}

// In the widest font that is common the texts of a row still do not touch: a name has room before the bars, a note behind its own.
func TestThereIsRoomForAWiderFont(t *testing.T) {
	c := Chart{Columns: [][]Panel{{{"", []Bar{
		{Name: "a name that is rather long", Parts: []Part{{90, Others}}, Note: "a note"},
		{Name: "the longest, which is ours", Ours: true, Parts: []Part{{100, Ours}}, Note: "12345 ns: 6789 + 5556"},
	}}}}}
	svg, err := c.SVG(Themes[0])
	require.NoError(t, err)
	right := func(text string, ours bool) float64 {
		match := regexp.MustCompile(`<text x="([0-9.]+)"[^>]*>` + regexp.QuoteMeta(text) + "<").FindSubmatch(svg)
		require.NotNil(t, match, text)
		x, err := strconv.ParseFloat(string(match[1]), 64)
		require.NoError(t, err)
		style, wider := plain(9, Themes[0].Ink), 1.17 // DejaVu Sans beside Liberation Sans
		if ours {
			style = bold(9, Themes[0].Ink)
			wider = 1.26
		}
		return x + float64(style.Width(text))*wider
	}
	bars := regexp.MustCompile(`<path d="M([0-9.]+),[^"]*" style="fill:#(?:AFB8C1|0969DA)"`).FindAllSubmatch(svg, -1)
	require.Len(t, bars, 2)
	for _, bar := range bars {
		left, err := strconv.ParseFloat(string(bar[1]), 64)
		require.NoError(t, err)
		assert.LessOrEqual(t, right("a name that is rather long", false), left)
		assert.LessOrEqual(t, right("the longest, which is ours", true), left)
	}
	assert.LessOrEqual(t, right("a note", false), float64(width))
	assert.LessOrEqual(t, right("12345 ns: 6789 + 5556", true), float64(width))
}

// A note that is longer than its column leaves the bars a quarter of it.
func TestALongNoteLeavesRoomForTheBars(t *testing.T) {
	c := Chart{Columns: [][]Panel{{{"", []Bar{{Name: "a", Parts: []Part{{100, Ours}}, Note: strings.Repeat("long ", 60)}}}}}}
	require.InDelta(t, 400, c.room(0, 500, Themes[0]), 1)
}
