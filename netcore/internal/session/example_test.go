package session_test

import (
	"fmt"
	"net"
	"time"

	"example.com/zaphandlers/netcore/internal/session"
)

// A client resumes its session over each new connection, and continues behind the frames that the server has.
func ExampleNewWindow() {
	near, far := net.Pipe()
	go func() { // the server
		var sessions session.Registry
		hello := make([]byte, 4+session.HelloSize) // framed by its length
		_, _ = far.Read(hello)
		known, first, err := sessions.Greet(hello[4:])
		fmt.Println("the client holds frames from", first, "on:", err)
		known.Lock()
		defer known.Unlock()
		known.Reached(2)
		var unsigned *session.Seal
		_, _ = far.Write(unsigned.AppendWelcome(nil, known.Last(), 1<<20))
	}()

	window := session.NewWindow(64<<10, 0)
	for _, frame := range []string{"one", "two", "three"} {
		window.Add([]byte(frame))
	}
	err := window.Resume(near, nil, nil)
	fmt.Println("delivered:", window.Delivered(), err)
	fmt.Printf("to send: %s\n", window.At(window.Unsent()))
	// Output:
	// the client holds frames from 1 on: <nil>
	// delivered: 2 <nil>
	// to send: three
}

func ExampleNewSeal() {
	key, nonce := []byte("0123456789abcdef"), []byte("new each time...")
	out, in := session.NewSeal(key, nonce), session.NewSeal(key, nonce)
	signed := out.Append(nil, 1, []byte("a frame"))
	payload, err := in.Verify(signed, 1, time.Now())
	fmt.Printf("%s %v\n", payload, err)
	_, err = in.Verify(signed, 2, time.Now())
	fmt.Println(err)
	// Output:
	// a frame <nil>
	// a frame is not signed with the key
}

func ExampleNewDatagramSeal() {
	seal := session.NewDatagramSeal([]byte("0123456789abcdef"))
	signed := seal.Append(nil, 0, []byte("a datagram"))
	_, err := seal.Verify(signed, 0, time.Now().Add(time.Hour))
	fmt.Println(err)
	// Output:
	// a datagram's time is more than 1m0s from ours
}
