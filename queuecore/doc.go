// Package queuecore is Python's QueueHandler and QueueListener for zap: a Core that takes a record in well under a
// microsecond, whatever its targets are doing, and goroutines that carry the records to any Cores.
//
//	files := base.FromWriter(encoder, file, zap.InfoLevel) // a file, as any WriteSyncer, is made a Core
//	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(files, syslog, mail)})
//	…
//	defer core.Close()
//	logger := zap.New(core)
//
// # The way of a record
//
//	Write   record the entry and fields as a tape (caller's goroutine, no lock; Stringers and marshalers run here)
//	        lock → copy the tape into the arena → unlock
//	listen  one goroutine a target: lock → claim what is new → unlock → deliver it, a batch at a time → lock → resolve → unlock
//
// The arena is bounded in bytes. A record stays in it until each target is done with it, so a slow, dead or panicking
// target neither delays nor reorders what the others get; when the arena is full because of it, the overflow policy
// decides. A target passes records in order, and one that is down holds the room of its oldest record and of all that it wants of
// what came later. What it does not want, by its level, makes room when room is needed, unless there is a PrepareDelivery. If a
// target is often down, wants much, and another must not wait for it, give it SkipWhenFull or a queue of its own.
//
// A target that is a BatchWriter (every handler of this module is one) gets its records a batch at a time, without a
// copy, and what it could not take is offered again after a delay that grows. Any other Core gets them one by one as a
// Logger would give them, once, because nobody can tell what a Tee, a sampler or a hook has already taken when it fails.
//
// # Listeners that cost nothing
//
// A listener that finds nothing new naps, for 0.2 ms at first and twice as long each time, up to 3.2 ms; while it naps a Write
// need not wake it, which is the expensive part of most queues. Only when nothing has come for about six milliseconds
// does it go to sleep for good, and then the next Write wakes it. So a lone record is delivered at once, a stream of
// records without wake-ups, and an idle queue takes no time at all. Before the first nap it flushes a target that can be
// flushed (base.Flusher), so that large buffers are no reason for lines that are not there yet.
//
// # When the queue is full
//
// What happens to a record that finds no room is the Overflow policy's to say, for all or level by level: wait, drop the newest,
// drop the oldest, or let the caller deliver it. Who waits is served in turn, and ten thousand that wait cost no more than ten. A
// record of Error or above takes the room of lower ones before it is lost, and a target with SkipWhenFull gives up its own oldest
// before anybody waits for it. Each drop is counted by target, level and cause, told to OnDrop, and told to the target itself once
// it has caught up, in a record of the queue's own: "records dropped". What a target refuses goes to its DeadLetter.
//
// # Two halves
//
// New is both halves of Python's pair, over memory. NewHandler and NewListener are the halves by themselves, over an engine
// (Queue) that may live elsewhere: on a disk (NewDisk), in a broker, or in memory (NewMemory). A Write still meets the arena only.
//
// # At the end
//
// What the queue holds is delivered by Close, so Close has to run: main has to return. SIGTERM, by which systemd, Kubernetes and
// docker stop end a program, and an interrupt, end it on the spot unless they are taken:
//
//	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
//	defer stop()
//
// and what serves ends with ctx. os.Exit and log.Fatal run no deferred calls either. A record above Error is different: Write returns
// when it has been delivered.
//
// # What survives the process
//
// With a Spool the arena lies in a file that is mapped shared, at the price of memory: a record of which Write has returned nil is
// delivered, by this process or, after a kill -9, a panic or the out-of-memory killer, by the next New on that directory. A target
// gets again what it had in hand: a batch or two. What a target with Ack has taken stays until it is confirmed. Package
// internal/spool says what is in the file after each store.
//
// # Promises
//
// Nothing is lost silently: Stats and Targets count each record, and at every quiet moment what was accepted is
// delivered, dropped, skipped or pending. Nothing blocks for ever: Write waits for room up to BlockTimeout, Sync and
// Close up to DrainTimeout. An entry above Error is delivered and synced by every target before Write returns, since the
// program is about to end; it is not evicted meanwhile, neither by newer ones nor for a target that lags, and when a quarter of
// FatalTimeout has passed it goes ahead of what is queued before it. A target may log to its own queue: its goroutine never waits
// for itself. A hook, a target or an engine that panics costs a record at most; one that ends the goroutine it is called by,
// a batch.
//
// # How the files hang together
//
//	core.go ── config.go ── queue.go        a Core, its Config, and what its With children share
//	enqueue.go ─┬─ wait.go                  a producer: into the arena, or how it waits for room
//	            ├─ overflow.go              what is given up for what at a full arena
//	            └─ writethrough.go          or the caller delivers it
//	arenasource.go ─┬─ arenawait.go         a target's goroutine: what it gets from the arena, how it waits,
//	                └─ arenaurgent.go       and what comes first
//	target.go, drop.go, flush.go            a target's settings; what is dropped, and who hears; Sync, Close and Fatal
//	reentrant.go                            whether a caller is called by a target
//	engine.go ─┬─ memory.go, disk.go        engines
//	           └─ listener.go, enginesource.go   the other half: from an engine to targets
//	internal/delivery                       the loop from a source to a target: outcome, retry, dead letter
//	internal/waitline, idle                 who waits for room, in turn; how a goroutine waits for work
//	internal/spool, disklog                 the arena as a file; records in the files of a folder
//	internal/stored                         records that an engine has though their Append failed
//
// Another overflow policy is a constant in config.go with its name in two errors, a case in enqueuer.putSlowly and in
// overflow.makeRoomLocked, and a [Cause] if it drops for a reason of its own.
package queuecore
