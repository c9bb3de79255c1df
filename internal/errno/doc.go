// Package errno says what some of the system's error numbers ask for. Its contract: it keeps nothing, and whatever it calls again it calls
// a bounded number of times.
package errno
