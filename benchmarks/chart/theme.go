package chart

import "image/color"

// Color says what a part of a bar means. What it looks like is up to the theme.
type Color int

// The colors.
const (
	Ours     Color = iota // a handler of this module
	Others                // another one
	Floor                 // what everybody pays
	Apart                 // one that did not do all the work
	Arrived               // records that are there
	Reported              // records that are not, and somebody was told
	Lost                  // records that are not, and nobody was told

	colors
)

// Theme is how a picture looks on a page. It has no background of its own.
type Theme struct {
	Name                    string
	Ink, Muted, Grid, Alarm color.Color
	Fill                    [colors]color.Color
}

func (t Theme) fill(c Color) color.Color { return t.Fill[c] }

// Themes are those of web pages: on white, and on almost black. The hues can be told apart by those who cannot tell red from
// green.
var Themes = []Theme{
	{
		Name: "light", Ink: rgb(0x1f2328), Muted: rgb(0x59636e), Grid: rgb(0xd1d9e0), Alarm: rgb(0xcf222e),
		Fill: [colors]color.Color{
			Ours: rgb(0x0969da), Others: rgb(0xafb8c1), Floor: rgb(0xdde2e8), Apart: rgb(0xe7c36a),
			Arrived: rgb(0x4c9aec), Reported: rgb(0xe7c36a), Lost: rgb(0xcf222e),
		},
	},
	{
		Name: "dark", Ink: rgb(0xf0f6fc), Muted: rgb(0x9198a1), Grid: rgb(0x30363d), Alarm: rgb(0xff7b72),
		Fill: [colors]color.Color{
			Ours: rgb(0x4493f8), Others: rgb(0x656c76), Floor: rgb(0x2f353d), Apart: rgb(0x9e7a1f),
			Arrived: rgb(0x316dca), Reported: rgb(0x9e7a1f), Lost: rgb(0xf85149),
		},
	},
}

func rgb(hex uint32) color.Color {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}
