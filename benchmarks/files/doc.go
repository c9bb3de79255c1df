// Package files measures the file writers of this module beside os.File.Write and others of their kind: what a write costs,
// and how long the write takes that rotates.
//
//	go -C benchmarks run ./bench run files
//
// What is measured: the time from calling Write to its return, on the disk of the directory for temporary files and in
// memory under /dev/shm, for records of 200 B and 1 KiB, from 1, 2 and 64 goroutines that do nothing else; the longest write
// round each place where a file of 8 MiB is full ("pause-us" is the median of the rotations, "worst-us" the longest); and
// what is not found afterwards when two writers that know nothing of each other have one path, each rotating it. For scale
// there are the handlers of Python's logging, timed by Python itself, with the formatting of "%(message)s". And what compressing a
// backup takes of CPU time ("cpu-ns") and leaves ("gz-bytes"), a MiB, beside the program gzip; and what a paced write pays meanwhile.
//
// What is not measured: encoding a record; the disk itself, for nobody here waits for an fsync, and a turn writes less than
// the system lets a program write ahead; and opening the next file ahead, which a RotatingFile has done by another goroutine
// when the file is full to seven eighths: to wake that one takes a write about as long as the rotation itself, once a file.
//
// The floor of a writer without a buffer is os.File.Write: one system call a record. It is measured twice, which tells what the machine
// makes of two writers that are the same. That of a buffer is to copy each record and to write 256 KiB at a time, without a lock: a
// mutex adds two atomic operations to it, and a row shows what they cost. That of a write that rotates is a link, a rename and the first
// write to the next file.
package files
