package connection_test

import (
	"bufio"
	"fmt"
	"net"
	"time"

	"example.com/zaphandlers/netcore/internal/connection"
)

func ExampleNewDialer() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Close()
	received := make(chan string)
	go func() {
		conn, _ := listener.Accept()
		line, _ := bufio.NewReader(conn).ReadString('\n')
		_ = conn.Close() // in order: it has all that was written
		received <- line
	}()

	dialer := connection.NewDialer(connection.Config{Network: "tcp", Address: listener.Addr().String(), Timeout: time.Second, Hold: time.Second})
	defer dialer.Close()
	conn, err := dialer.Open(dialer.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = conn.Write([]byte("a frame\n"), 1, dialer.Now())
	fmt.Print(<-received, err, "\n")
	<-conn.Done()
	fmt.Printf("%+v\n", conn.End(nil))
	// Output:
	// a frame
	// <nil>
	// {Err:<nil> Lost:0 Reported:false BackOff:false Refused:false}
}
