package chart

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// column draws panels one below the other, over an axis.
func (c Chart) column(area draw.Canvas, panels []Panel, theme Theme) {
	var names, notes vg.Length
	for _, panel := range panels {
		for _, b := range panel.Bars {
			names = max(names, widthOf(nameStyle(b, theme), b.Name))
			notes = max(notes, widthOf(noteStyle(b, theme), b.Note))
		}
	}
	area.Min.X += names + space
	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.HideY()
	p.Y.Min, p.Y.Max = -footRows, rowsOf(panels)
	p.X.Min = 0
	if c.Log {
		p.X.Min = c.bottom()
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	if p.X.Max = c.Top; c.Top > 0 {
		area.Max.X -= notes + space
	} else {
		p.X.Max = c.room(p.X.Min, area.Max.X-area.Min.X, theme)
	}
	p.X.Padding = 0
	p.X.Label.Text, p.X.Label.TextStyle = c.Axis, centred(plain(9, theme.Muted), draw.YBottom)
	p.X.Tick.Label = centred(plain(8, theme.Muted), draw.YTop)
	p.X.LineStyle.Color, p.X.Tick.LineStyle.Color = theme.Grid, theme.Grid
	p.Add(rows{panels, theme})
	area.Min.Y = area.Max.Y - vg.Length((p.Y.Max+footRows)*rowHeight) - axis
	p.Draw(area)
}

// room returns where the axes end, if they are that wide, so that there is room for each bar of the chart and the note behind
// it. All columns have the same.
func (c Chart) room(from float64, width vg.Length, theme Theme) (end float64) {
	for _, panels := range c.Columns {
		for _, panel := range panels {
			for _, b := range panel.Bars {
				bar := max(width/4, width-widthOf(noteStyle(b, theme), b.Note)-space)
				share := float64(width / bar)
				if c.Log {
					end = max(end, from*math.Pow(b.length()/from, share))
				} else {
					end = max(end, from+(b.length()-from)*share)
				}
			}
		}
	}
	return end
}

// rows draws the panels of a column, names and notes beside the bars.
type rows struct {
	panels []Panel
	theme  Theme
}

// Plot implements plot.Plotter.
func (r rows) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	left := c.Min.X
	for _, panel := range r.panels {
		for _, b := range panel.Bars {
			left = min(left, c.Min.X-space-widthOf(nameStyle(b, r.theme), b.Name))
		}
	}
	at := p.Y.Max
	for _, panel := range r.panels {
		if panel.Heading != "" {
			at -= headRows
			c.FillText(bold(9.5, r.theme.Ink), vg.Point{X: left, Y: y(at + 0.35)}, panel.Heading)
		}
		for _, tick := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if !tick.IsMinor() && tick.Value >= p.X.Min && tick.Value <= p.X.Max {
				c.StrokeLine2(p.X.LineStyle, x(tick.Value), y(at-float64(len(panel.Bars))), x(tick.Value), y(at))
			}
		}
		for _, b := range panel.Bars {
			at--
			r.row(&c, b, left, x, y(at+0.5), p.X.Min)
		}
	}
}

// row draws a bar whose middle is at height y. Its name begins at left, so that in a wider font it grows into the room that is left
// before the bar.
func (r rows) row(c *draw.Canvas, b Bar, left vg.Length, x func(float64) vg.Length, y vg.Length, from float64) {
	middle := func(style draw.TextStyle) draw.TextStyle {
		style.YAlign = draw.YCenter
		return style
	}
	c.FillText(middle(nameStyle(b, r.theme)), vg.Point{X: left, Y: y}, b.Name)
	end := c.Min.X
	sum := 0.0
	for _, part := range b.Parts {
		sum += part.Value
		if part.Value == 0 {
			continue
		}
		begin := end
		end = max(x(max(sum, from)), begin+0.75) // what there is can be seen
		rectangle(c, r.theme.fill(part.Color), begin, end, y-barHeight/2, y+barHeight/2)
	}
	c.FillText(middle(noteStyle(b, r.theme)), vg.Point{X: end + space, Y: y}, b.Note)
}

func nameStyle(b Bar, theme Theme) draw.TextStyle {
	if b.Ours {
		return bold(9, theme.Ink)
	}
	return plain(9, theme.Ink)
}

func noteStyle(b Bar, theme Theme) draw.TextStyle {
	style := plain(9, theme.Muted)
	if b.Ours {
		style = bold(9, theme.Ink)
	}
	if b.Alarm {
		style.Color = theme.Alarm
	}
	return style
}

func rectangle(c *draw.Canvas, fill color.Color, left, right, low, high vg.Length) {
	c.FillPolygon(fill, []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}})
}

func plain(size vg.Length, ink color.Color) draw.TextStyle {
	return draw.TextStyle{
		Color:   ink,
		Font:    font.Font{Typeface: plot.DefaultFont.Typeface, Variant: "Sans", Size: size},
		Handler: plot.DefaultTextHandler,
	}
}

func bold(size vg.Length, ink color.Color) draw.TextStyle {
	style := plain(size, ink)
	style.Font.Weight = xfont.WeightBold
	return style
}

// centred puts the middle of a text where it is drawn, and one of its edges.
func centred(style draw.TextStyle, edge draw.YAlignment) draw.TextStyle {
	style.XAlign, style.YAlign = draw.XCenter, edge
	return style
}

// widthOf is how much room a text is given. Whoever has not got the fonts that are named in the picture sees another, and the widest
// that is common, DejaVu Sans, is wider by a fifth, and bold by more.
func widthOf(style draw.TextStyle, text string) vg.Length {
	if style.Font.Weight == xfont.WeightBold {
		return style.Width(text) * 1.27
	}
	return style.Width(text) * 1.18
}
