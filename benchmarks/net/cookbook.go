package net

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/netcore"
	base "example.com/zaphandlers/zapcore"
)

// receiver is what Python's logging cookbook has for a receiver of pickles ("Sending and receiving logging events across a network"), with
// a handler that does nothing. It says its port, and then when all records have come.
const receiver = `
import logging, pickle, socketserver, struct, sys
wanted = int(sys.argv[1])
class Count(logging.Handler):
    n = 0
    def emit(self, record):
        self.n += 1
        if self.n == wanted: print("all", flush=True)
logging.getLogger().addHandler(Count())
class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.connection.recv(4)
            if len(head) < 4: return
            size = struct.unpack(">L", head)[0]
            frame = self.connection.recv(size)
            while len(frame) < size: frame += self.connection.recv(size - len(frame))
            record = logging.makeLogRecord(pickle.loads(frame))
            logging.getLogger(record.name).handle(record)
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
`

// toCookbook sends b.N of Python's pickles to that receiver, as served sends them to a Server.
func toCookbook(b *testing.B) error {
	cmd := exec.Command("python3", "-c", receiver, strconv.Itoa(b.N))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: %w", suite.ErrLeftOut, err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(out)
	port, err := lines.ReadString('\n')
	if err != nil {
		return fmt.Errorf("python3 says no port: %w", err)
	}
	core, err := newCore(b, netcore.Config{Formatter: fixed(fromPython), Framing: netcore.LengthPrefix, Address: "127.0.0.1:" + strings.TrimSpace(port)})
	if err != nil {
		return err
	}
	batch, err := newBatch(min(b.N, 1000))
	if err != nil {
		return err
	}
	b.ResetTimer()
	var last base.Batch
	for left := b.N; left > 0; left -= batch.Len() {
		if left < batch.Len() {
			last.Slice(batch, 0, left)
			batch = &last
		}
		if _, err := core.WriteBatch(batch); err != nil {
			return err
		}
	}
	if _, err := lines.ReadString('\n'); err != nil && err != io.EOF {
		return err
	}
	b.StopTimer()
	return nil
}
