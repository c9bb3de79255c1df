// Package messagetest has what the tests of mailcore and of its message package share.
package messagetest
