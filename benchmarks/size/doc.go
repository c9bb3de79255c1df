// Package size measures what this module adds to a service: how much larger the program becomes, and how much memory a new queue takes,
// and a full one whose target has stopped.
//
// The programs are in the directories here, built without symbols (-ldflags=-s -w): zap alone; zap and a RotatingFile; zap and
// lumberjack; and, as the floor, zap and the calls that rotation with compression needs at least. Memory is the resident memory of a
// separate process. Not measured is how long programs take to build.
package size
