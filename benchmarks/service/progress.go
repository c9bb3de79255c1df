package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress says how far a run is: a bar that stays in its line on a terminal, a line a second anywhere else.
type progress struct {
	out      io.Writer
	terminal bool
	total    uint64 // 0: unknown
	noun     string
	count    func() uint64

	begin time.Time
	stop  chan struct{} // closed when the run is over
	done  sync.WaitGroup
}

func newProgress(out io.Writer, src source, count func() uint64) *progress {
	p := &progress{
		out: out, terminal: isTerminal(out), total: src.total(), noun: src.noun(), count: count,
		begin: time.Now(), stop: make(chan struct{}),
	}
	p.done.Go(p.loop)
	return p
}

func (p *progress) loop() {
	every := time.Second
	if p.terminal {
		every = 100 * time.Millisecond
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.say(time.Since(p.begin))
		case <-p.stop:
			return
		}
	}
}

// finish says the last word and returns how long it all took.
func (p *progress) finish() time.Duration {
	close(p.stop)
	p.done.Wait()
	took := time.Since(p.begin)
	if p.terminal {
		p.say(took)
		fmt.Fprintln(p.out)
	}
	return took
}

func (p *progress) say(elapsed time.Duration) {
	text := p.text(p.count(), elapsed)
	if p.terminal {
		fmt.Fprintf(p.out, "\r%s\x1b[K", text) // and delete the rest of a longer line
	} else {
		fmt.Fprintln(p.out, text)
	}
}

// text is "[#####     ] 50,000 of 100,000 requests, 25,000/s".
func (p *progress) text(n uint64, elapsed time.Duration) string {
	text := fmt.Sprintf("%s, %s/s", plural(n, p.noun), thousands(perSecond(n, elapsed)))
	if p.total == 0 {
		return text
	}
	const width = 30
	filled := int(min(n, p.total) * width / p.total)
	bar := ""
	if p.terminal {
		bar = "[" + strings.Repeat("#", filled) + strings.Repeat(" ", width-filled) + "] "
	}
	return fmt.Sprintf("%s%s of %s, %s/s", bar, thousands(n), plural(p.total, p.noun), thousands(perSecond(n, elapsed)))
}

// perSecond returns 0 before there is anything to divide by.
func perSecond(n uint64, elapsed time.Duration) uint64 {
	if elapsed < time.Millisecond {
		return 0
	}
	return uint64(float64(n) / elapsed.Seconds())
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
