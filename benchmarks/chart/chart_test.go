package chart

import (
	"encoding/xml"
	"io"
	"math"
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
