// Package peers finds the real programs that tests talk to; scripts/peers.sh installs them. If one is missing, the test is skipped with
// the reason, or fails if ZAPHANDLERS_PEERS is "required".
package peers
