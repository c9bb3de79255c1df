// Package size measures what a service carries along for this module: how much larger the program becomes, and how much memory a
// new queue has, and a full one whose target stands still.
//
// The programs are those of the directories here, built without symbols (-ldflags=-s -w): zap alone; zap and a RotatingFile; zap and
// lumberjack; and zap and the calls that no rotation with compression can do without, which is the least there is. Memory is the
// resident memory of a process of its own. What is not measured: how long programs take to build.
package size
