// Package peers finds the real programs that tests talk to. Where there is none the test skips, with the reason, or fails if
// ZAPHANDLERS_PEERS is "required"; scripts/peers.sh gets them.
package peers
