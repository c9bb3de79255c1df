// Command wine runs the tests of this module as Windows programs, on Linux, under wine:
//
//	go run ./scripts/wine                       # every package
//	go run ./scripts/wine -v ./eventlog         # arguments go to go test
//
// It needs wine64, 8.0 or later, and looks for it in $ZAPHANDLERS_WINE, on PATH, and where Debian installs it. Without wine it says so
// and runs nothing; with ZAPHANDLERS_PEERS=required that is an error.
//
// The first run makes a Windows installation (a wine prefix, about 700 MB) in the user's cache folder, and adds a library
// that Go programs need and wine 8.0 does not have; see forwarder.go. Nothing keeps running afterwards: wine ends what it started.
//
// Wine stores no events, but prints them on standard error. The tests of package eventlog read them from the file that
// $ZAPHANDLERS_WINE_TRACE names.
package main
