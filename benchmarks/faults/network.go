package faults

import (
	"io"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

const messageSize = 250

func networkFaults() []fault {
	unacked := oursNetcore
	unacked.name = "netcore, no Ack"
	rivals := slices.Concat(logSyslog, []client{srslogOctets, goGELF, fluentSync})
	return []fault{
		{"peer hangs up after each record", 50, meeting(peerHangsUp, slices.Concat([]client{oursNetcore, oursSyslog}, rivals))},
		{"server restarts", 300, meeting(serverRestarts, slices.Concat([]client{oursQueued, oursPosted, oursNetcore, oursSyslog}, rivals))},
		{"peer resets 10 times", 2200, meeting(tenResets, slices.Concat([]client{oursAcked, oursForward, oursRELP, oursPosted, unacked}, rivals, []client{fluentAcked}))},
		{"web server busy, then killed", 600, meeting(busyThenKilled, []client{oursPosted, plainPost})},
	}
}

func meeting(staged func(c client, records int) (outcome, error), clients []client) (handlers []handler) {
	for _, c := range clients {
		handlers = append(handlers, handler{c.name, func(records int) (outcome, error) { return staged(c, records) }})
	}
	return handlers
}

// exchange has a client send to its peer through a relay, while during stages what happens, and returns what came of it.
func exchange(c client, records int, carry carrier, during func(r *relay, l *ledger, send func(number int))) (outcome, error) {
	l := newLedger()
	peer, stop, err := c.peer(l.take)
	if err != nil {
		return outcome{}, err
	}
	r, err := newRelay(peer, carry)
	if err != nil {
		return outcome{}, err
	}
	s, err := c.open(r.address)
	if err != nil {
		return outcome{}, err
	}
	during(r, l, func(number int) { l.wrote(number, s.send(record(number, messageSize))) })
	dropped, _ := s.close() // an error here does not say which records it speaks of
	l.drop(dropped)
	r.finish()
	err = stop()
	return l.outcome(records), err
}

// pace is how far apart things are that a program has to notice.
const pace = 5 * time.Millisecond

// peerHangsUp has the peer close the connection, in the ordinary way, after each record that it has read. The next is sent
// 5 ms after it has.
func peerHangsUp(c client, records int) (outcome, error) {
	once := func(client *net.TCPConn, peer net.Conn) bool {
		err := forwardOnce(peer, client, make([]byte, 64<<10), nil)
		_ = client.Close()
		return err == nil
	}
	return exchange(c, records, once, func(r *relay, _ *ledger, send func(int)) {
		for i := range records {
			send(i)
			select {
			case <-r.ended:
			case <-time.After(2 * pace): // it will not: the record did not get there
			}
			<-time.After(pace)
		}
	})
}

// serverRestarts has a server that is away for the middle third of the records. It leaves, and comes back, at a quiet moment.
func serverRestarts(c client, records int) (outcome, error) {
	always := func(client *net.TCPConn, peer net.Conn) bool { _ = forward(peer, client); return false }
	return exchange(c, records, always, func(r *relay, l *ledger, send func(int)) {
		for i := range records {
			switch {
			case i > 0 && i == records/3:
				l.await(i)
				r.stop()
				time.Sleep(pace)
			case i > 1 && i == 2*records/3:
				_ = r.start()
				time.Sleep(pace)
			}
			send(i)
		}
	})
}

// tenResets has the peer reset the connection after each tenth of the records, but for the last. It has read four fifths of
// them by then; the kernel has the rest, and a client cannot know how much that is.
func tenResets(c client, records int) (outcome, error) {
	part := max(2, records/11)
	now := make(chan struct{})
	var resets atomic.Int64
	stalls := func(client *net.TCPConn, peer net.Conn) bool {
		buf, m := make([]byte, 64<<10), &meter{left: part * 4 / 5}
		for m.left >= 0 && resets.Load() < 10 {
			if forwardOnce(peer, client, buf, m) != nil {
				return false
			}
		}
		if m.left >= 0 {
			_ = forward(peer, client)
			return false
		}
		select {
		case <-now:
		case <-time.After(4 * pace): // for a client that waits for an answer
		}
		resets.Add(1)
		_ = client.SetLinger(0)
		_ = client.Close()
		return true
	}
	return exchange(c, records, stalls, func(r *relay, _ *ledger, send func(int)) {
		for i := range records {
			if i > 0 && i%part == 0 {
				select {
				case now <- struct{}{}:
					<-r.ended
				case <-time.After(4 * pace):
				}
			}
			send(i)
		}
	})
}

const busyAnswer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// busyThenKilled has a web server that answers 503 to the second third of the records. Then it works again, and is killed while records
// are on the way, and started a moment later.
func busyThenKilled(c client, records int) (outcome, error) {
	var busy atomic.Bool
	carry := func(client *net.TCPConn, peer net.Conn) bool {
		for buf := make([]byte, 64<<10); ; {
			n, err := client.Read(buf)
			if err == nil && busy.Load() {
				_, _ = client.Write([]byte(busyAnswer))
				_ = client.CloseWrite()
				_ = client.SetReadDeadline(time.Now().Add(soon))
				_, _ = io.Copy(io.Discard, client)
				return false
			}
			if _, writeErr := peer.Write(buf[:n]); err != nil || writeErr != nil {
				return false
			}
		}
	}
	return exchange(c, records, carry, func(r *relay, l *ledger, send func(int)) {
		for i := range records {
			switch i {
			case records / 3:
				l.await(i)
				busy.Store(true)
			case 2 * records / 3:
				busy.Store(false)
			case 5 * records / 6:
				r.kill()
			case 11 * records / 12:
				_ = r.start()
				time.Sleep(pace)
			}
			send(i)
		}
	})
}
