// Package chart draws bar charts as SVG pictures that can be read on white and on black.
//
// A Chart has columns, a column has panels one below the other over a common axis, and a panel has bars. Colours are never the only
// information: each bar has a name before it and a note at its end.
package chart
