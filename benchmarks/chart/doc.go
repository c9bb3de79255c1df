// Package chart draws bars, each beside the name of what it stands for, as SVG pictures that can be read on white and on
// black.
//
// A Chart has columns, a column has panels one below the other over a common axis, and a panel has bars. What it means is
// said in text as well as in colours: a note stands at the end of each bar.
package chart
