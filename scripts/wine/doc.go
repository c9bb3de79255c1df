// Command wine runs the tests of this module as Windows programs, on Linux, under wine:
//
//	go run ./scripts/wine                       # every package
//	go run ./scripts/wine -v ./eventlog         # arguments go to go test
//
// It needs wine64, 8.0 or later, which it looks for in $ZAPHANDLERS_WINE, on PATH and where Debian has it. Without it the tests
// are left out, with a word about it, or with ZAPHANDLERS_PEERS=required that is an error.
//
// At the first run it makes a Windows installation (a wine prefix, about 700 MB) in the user's cache folder, and adds a library
// that Go programs need and wine 8.0 does not have; see forwarder.go. Nothing keeps running afterwards: wine ends what it started.
//
// Wine keeps no events, but says on standard error what it was given. The tests of package eventlog find that in the file that
// $ZAPHANDLERS_WINE_TRACE names.
package main
