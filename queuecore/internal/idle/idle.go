package idle

import "time"

// A goroutine that has found nothing naps for minNap, then twice as long each time. When the nap would be longer than MaxNap, it sleeps.
const (
	minNap = 200 * time.Microsecond
	MaxNap = 5 * time.Millisecond

	longSleep = 10 * time.Second
)

// Idle makes one goroutine wait. Any goroutine may call Wake and Woken, only that one the other methods.
type Idle struct {
	wake  chan struct{} // of capacity 1: a value means that there may be something to do
	nap   time.Duration
	timer *time.Timer // of a sleep
}

// New returns an Idle.
func New() *Idle {
	i := &Idle{wake: make(chan struct{}, 1), nap: minNap, timer: time.NewTimer(longSleep)}
	i.timer.Stop()
	return i
}

// Wake ends the goroutine's wait, or its next one if it does not wait now. It never blocks.
func (i *Idle) Wake() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// Woken reports whether a Wake has not ended a wait yet.
func (i *Idle) Woken() bool { return len(i.wake) > 0 }

// Busy notes that there was something to do.
func (i *Idle) Busy() { i.nap = minNap }

// Sleeps reports whether the next Wait is a sleep, which only a Wake ends.
func (i *Idle) Sleeps() bool { return i.nap > MaxNap }

// Wait naps or sleeps. When it has slept for 10 s it calls long, and again every 10 s as long as long returns true.
func (i *Idle) Wait(long func() (again bool)) {
	if i.Sleeps() {
		i.sleep(long)
		i.nap = minNap
		return
	}
	i.Pause(i.nap, nil)
	i.nap *= 2
}

func (i *Idle) sleep(long func() (again bool)) {
	defer i.timer.Stop()
	for again := true; again; again = long() {
		i.timer.Reset(longSleep)
		select {
		case <-i.wake:
			return
		case <-i.timer.C:
		}
	}
	<-i.wake
}

// Pause waits for d, for a Wake or for stop, and returns what is left of d.
func (i *Idle) Pause(d time.Duration, stop <-chan struct{}) (left time.Duration) {
	until := time.Now().Add(d)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return 0
	case <-i.wake:
	case <-stop:
	}
	return max(0, time.Until(until))
}
