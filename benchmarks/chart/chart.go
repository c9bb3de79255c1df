package chart

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Chart is a picture.
type Chart struct {
	Title    string // what it shows, and what is good
	Subtitle string // how it was measured
	Source   string // when and where
	Legend   []Key
	Columns  [][]Panel // from the left; the panels of each from the top

	Axis string  // what a bar's length says, with its unit
	Top  float64 // the end of the axis; 0: there is room for the longest bar
	Log  bool    // a step to the right multiplies; values must be positive
}

// Panel is some bars under a heading.
type Panel struct {
	Heading string
	Bars    []Bar
}

// Bar is one row.
type Bar struct {
	Name  string
	Ours  bool // printed bold
	Parts []Part
	Note  string // at its end
	Alarm bool   // the note says something bad
}

// Part is a piece of a bar, beginning where the one before ends.
type Part struct {
	Value float64
	Color Color
}

// Key explains a color.
type Key struct {
	Color Color
	Text  string
}

// The measures of a picture, in points: three of them are four pixels.
const (
	width     = 720
	margin    = 9
	rowHeight = 12.5
	barHeight = 8.5
	headRows  = 1.7 // rows that a panel's heading takes
	footRows  = 0.4 // rows between the last bar and the axis
	gap       = 16  // between columns
	space     = 4   // between a text and what it belongs to
	axis      = 26
	header    = 52
	footer    = 18
)

// SVG draws c.
func (c Chart) SVG(theme Theme) ([]byte, error) {
	rows, err := c.rows()
	if err != nil {
		return nil, err
	}
	height := header + vg.Length((rows+footRows)*rowHeight) + axis + footer
	canvas := vgsvg.New(width, height)
	area := draw.Crop(draw.New(canvas), margin, -margin, 0, 0)
	c.frame(area, theme)
	area = draw.Crop(area, 0, 0, footer, -header)
	share := (area.Max.X - area.Min.X - gap*vg.Length(len(c.Columns)-1)) / vg.Length(len(c.Columns))
	for i, panels := range c.Columns {
		column := area
		column.Min.X += vg.Length(i) * (share + gap)
		column.Max.X = column.Min.X + share
		c.column(column, panels, theme)
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	return named(out.Bytes()), nil
}

// named lets whoever has not got the font that the text was measured with take one of the same widths.
func named(svg []byte) []byte {
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
}

// rows returns how many rows the longest column takes.
func (c Chart) rows() (rows float64, err error) {
	for _, panels := range c.Columns {
		for _, p := range panels {
			for _, b := range p.Bars {
				for _, part := range b.Parts {
					if math.IsNaN(part.Value) || math.IsInf(part.Value, 0) || c.Log && part.Value <= 0 {
						return 0, fmt.Errorf("chart: %s, %s: %v cannot be drawn", p.Heading, b.Name, part.Value)
					}
				}
			}
		}
		rows = max(rows, rowsOf(panels))
	}
	if rows == 0 {
		return 0, errors.New("chart: there is nothing to draw")
	}
	return rows, nil
}

func rowsOf(panels []Panel) (rows float64) {
	for _, p := range panels {
		if rows += float64(len(p.Bars)); p.Heading != "" {
			rows += headRows
		}
	}
	return rows
}

// bottom returns where a logarithmic axis begins: at a power of ten, so that every bar is to be seen.
func (c Chart) bottom() float64 {
	low := math.Inf(1)
	for _, panels := range c.Columns {
		for _, p := range panels {
			for _, b := range p.Bars {
				low = min(low, b.length())
			}
		}
	}
	return math.Pow(10, math.Ceil(math.Log10(low))-1)
}

// length returns where b ends.
func (b Bar) length() (end float64) {
	for _, part := range b.Parts {
		end += part.Value
	}
	return end
}

// frame writes what stands around the columns.
func (c Chart) frame(area draw.Canvas, theme Theme) {
	y := area.Max.Y - 18
	area.FillText(bold(13, theme.Ink), vg.Point{X: area.Min.X, Y: y}, c.Title)
	y -= 14
	area.FillText(plain(9, theme.Muted), vg.Point{X: area.Min.X, Y: y}, c.Subtitle)
	y -= 15
	x := area.Min.X
	for _, key := range c.Legend {
		rectangle(&area, theme.fill(key.Color), x, x+9, y, y+7)
		style := plain(9, theme.Ink)
		area.FillText(style, vg.Point{X: x + 13, Y: y}, key.Text)
		x += 13 + widthOf(style, key.Text) + 14
	}
	area.FillText(plain(8, theme.Muted), vg.Point{X: area.Min.X, Y: area.Min.Y + 6}, c.Source)
}
