// Package files measures the file writers of this module beside os.File.Write and other writers: what a write costs, and how long the
// write takes that rotates.
//
//	go -C benchmarks run ./bench run files
//
// # What is measured
//
//   - The time of a Write, on the disk of the directory for temporary files and in memory under /dev/shm, for records of 200 B and
//     1 KiB, from 1, 2 and 64 goroutines that do nothing else.
//   - The longest write around each rotation of a file of 8 MiB: "pause-us" is the median of the rotations, "worst-us" the longest.
//   - How many records are missing when two writers that do not know of each other rotate one path.
//   - For each MiB of a backup, the CPU time of compressing it ("cpu-ns") and its size then ("gz-bytes"), beside the program gzip; and
//     what a paced write takes meanwhile.
//   - For scale, the handlers of Python's logging, timed by Python itself, with the formatting of "%(message)s".
//
// The floor of a writer without a buffer is os.File.Write: one system call a record. It is measured twice, to show how much two equal
// writers differ on this machine. The floor of a buffer is to copy each record and to write 256 KiB at a time, without a lock: a
// mutex adds two atomic operations, and a row shows what they cost. The floor of a write that rotates is a link, a rename and the first
// write to the next file.
//
// # What is not measured
//
//   - Encoding a record.
//   - The disk itself: nothing waits for an fsync, and a turn writes less than the system lets a program write ahead.
//   - Opening the next file ahead, which another goroutine does for a RotatingFile when the file is seven eighths full. To wake it takes
//     a write about as long as the rotation itself, once a file.
package files
