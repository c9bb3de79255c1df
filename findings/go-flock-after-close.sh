#!/usr/bin/env bash
# Go 1.26 on Linux: a lock of flock(2) is not always gone when the only descriptor of the file has been closed. os.File's are O_CLOEXEC, but that
# works at exec: between fork and exec a child that another goroutine starts (exec.Command) has the descriptor, and the lock with it. So
# closing, opening and locking the same file again in one goroutine fails with EWOULDBLOCK now and then. LOCK_UN before the close frees it for
# both. (The cause is that of Go's issue 22315, ETXTBSY.)
. "$(dirname "$0")/lib.sh"
[[ $(uname) == Linux ]] || { echo "not run: not Linux"; exit 2; }
needs true
go_program <<'GO'
package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// rounds locks and closes a file until it was refused so often, or until a time is over. Refused, it waits until the lock can be had.
func rounds(name string, unlock bool, enough int, limit time.Duration) (done, refused int, longest time.Duration) {
	for start := time.Now(); refused < enough && time.Since(start) < limit; done++ {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			panic(err)
		}
		asked := time.Now()
		for try := 0; ; try++ {
			err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			if err == nil {
				break
			} else if err != syscall.EWOULDBLOCK {
				panic(err)
			}
			if try == 0 {
				refused++
			}
			time.Sleep(100 * time.Microsecond)
			longest = max(longest, time.Since(asked))
		}
		if unlock {
			syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
		}
		file.Close()
	}
	return done, refused, longest
}

func main() {
	program, err := exec.LookPath("true")
	if err != nil {
		panic(err)
	}
	report := func(what string, done, refused int, longest time.Duration) {
		fmt.Println(what+": refused", refused > 0)
		fmt.Fprintf(os.Stderr, "%s: refused in %d of %d rounds, for %v at most\n", what, refused, done, longest)
	}
	done, refused, longest := rounds("alone", false, 1, time.Second)
	report("closed, no children", done, refused, longest)

	var stop atomic.Bool
	var started atomic.Int64
	ended := make(chan struct{})
	for range 2 {
		go func() {
			for !stop.Load() {
				if exec.Command(program).Run() == nil {
					started.Add(1)
				}
			}
			ended <- struct{}{}
		}()
	}
	for started.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	start := time.Now()
	done, refused, longest = rounds("closed", false, 20, 20*time.Second)
	took := time.Since(start)
	report("closed", done, refused, longest)
	done, refused, longest = rounds("unlocked", true, 1, max(took, 3*time.Second))
	report("LOCK_UN and closed", done, refused, longest)
	stop.Store(true)
	<-ended
	<-ended
}
GO
go version
same "closed, no children: refused false
closed: refused true
LOCK_UN and closed: refused false" "$(./finding)"
