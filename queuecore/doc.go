// Package queuecore is Python's QueueHandler and QueueListener for zap: a Core that takes a record in well under a
// microsecond, whatever its targets are doing, and goroutines that deliver the records to any Cores.
//
//	files := base.FromWriter(encoder, file, zap.InfoLevel) // makes a Core of a file, or of any WriteSyncer
//	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(files, syslog, mail)})
//	…
//	defer core.Close()
//	logger := zap.New(core)
//
// # How a record gets to its targets
//
//	Write   record the entry and fields as a tape (caller's goroutine, no lock; Stringers and marshalers run here)
//	        lock → copy the tape into the arena → unlock
//	listen  one goroutine a target: lock → claim what is new → unlock → deliver it, a batch at a time → lock → resolve → unlock
//
// The arena is the memory of the queue, bounded in bytes. A record stays in it until every target is done with it, so a slow, dead or
// panicking target neither delays nor reorders the records of the others. When such a target has filled the arena, the overflow policy
// decides. A target gets its records in order. One that is down keeps the room of its oldest record, and of every later record that
// it wants. Records that its level excludes make room when room is needed, unless there is a PrepareDelivery. If a
// target is often down and wants many records, and another must not wait for it, give it SkipWhenFull or a queue of its own.
//
// A target that is a BatchWriter (every handler of this module is one) gets its records a batch at a time, without a
// copy, and those that it could not take are offered again after a delay that grows. Any other Core gets each record once, by itself, as
// a Logger would write it, because nobody can tell which records a Tee, a sampler or a hook has taken when it fails.
//
// # Waiting listeners cost nothing
//
// A listener that finds nothing new naps, for 0.2 ms at first and twice as long each time, up to 3.2 ms. While it naps a Write
// need not wake it, which is the expensive part of most queues. Only when nothing has come for about six milliseconds
// does it sleep until the next Write wakes it. So a single record is delivered at once, a stream of
// records causes no wake-ups, and an idle queue takes no time at all. Before the first nap the listener flushes a target that can be
// flushed (base.Flusher), so that lines do not wait in a large buffer.
//
// # When the queue is full
//
// The Overflow policy, for all levels or level by level, decides about a record that finds no room: wait, drop the newest,
// drop the oldest, or let the caller deliver it. Producers that wait are served in turn, and ten thousand of them cost no more than ten.
// A record of Error or above takes the room of lower ones before it is lost, and a target with SkipWhenFull gives up its own oldest
// records before anybody waits for it. Each drop is counted by target, level and cause, and reported to OnDrop. Once the target has
// caught up it gets a record of the queue, "records dropped". Records that a target refuses go to its DeadLetter.
//
// # Two halves
//
// New makes both halves of Python's pair, over memory. NewHandler and NewListener make one half each, over an engine
// (Queue), which keeps the records on a disk (NewDisk), in a broker, or in memory (NewMemory). A Write still goes to the arena only.
//
// # At the end
//
// Close delivers what the queue holds, so it has to run: main has to return. SIGTERM, by which systemd, Kubernetes and
// "docker stop" end a program, and an interrupt end it on the spot unless the program handles them:
//
//	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
//	defer stop()
//
// Then let the program end when ctx is done. os.Exit and log.Fatal run no deferred calls either. A record above Error needs no Close:
// Write returns when it has been delivered.
//
// # What survives the process
//
// With a Spool the arena lies in a file that is mapped shared, and costs what memory costs. A record whose Write returned nil is
// delivered by this process or, after a kill -9, a panic or the out-of-memory killer, by the next New on that directory. A target
// gets the batch or two again that it was working on. Records that a target with Ack has taken stay until they are confirmed. Package
// internal/spool says what is in the file after each store.
//
// # Promises
//
//   - Nothing is lost silently: Stats and Targets count each record, and while no call is running every accepted record is
//     delivered, dropped, skipped or pending.
//   - Nothing blocks for ever: Write waits for room up to BlockTimeout, Sync and Close wait up to DrainTimeout.
//   - Every target delivers and syncs an entry above Error before Write returns, since the program is about to end. It is not evicted
//     meanwhile, neither for newer records nor because a target lags. When a quarter of FatalTimeout has passed it overtakes
//     the records queued before it.
//   - A target may log to its own queue: its goroutine never waits for itself.
//   - A hook, a target or an engine that panics costs at most a record; one that ends the goroutine that calls it, at most a batch.
//
// # Where to look next
//
//	core.go ── config.go ── queue.go        a Core, its Config, and what its With children share
//	enqueue.go ─┬─ wait.go                  how a producer puts a record into the arena, or waits for room
//	            ├─ overflow.go              what is evicted when the arena is full
//	            └─ writethrough.go          how the caller delivers a record itself
//	arenasource.go ─┬─ arenawait.go         the goroutine of a target: what it takes from the arena, how it waits for more,
//	                └─ arenaurgent.go       and which records overtake others
//	target.go, drop.go, flush.go            settings of a target; drops and who gets them; Sync, Close and Fatal
//	reentrant.go                            whether a Write is called by a target
//	engine.go ─┬─ memory.go, disk.go        NewHandler and the engines
//	           └─ listener.go, enginesource.go   NewListener: from an engine to targets
//	internal/delivery                       the loop from a source to a target: outcome, retry, dead letter
//	internal/waitline, idle                 producers that wait for room, in turn; how a goroutine waits for work
//	internal/spool, disklog                 the arena as a file; records in the files of a folder
//	internal/stored                         records that an engine has stored although their Append failed
//
// To add an overflow policy, add a constant to config.go and its name to two errors there, a case to enqueuer.putSlowly and to
// overflow.makeRoomLocked, and a [Cause] if it drops records for a new reason.
package queuecore
