#!/usr/bin/env bash
# CPython's SocketHandler never reads from its socket: when the receiver closes an idle connection, not one record is lost but two. The write of
# the first succeeds into a connection that is closed; that of the second fails, and makes the handler connect again for the third.
. "$(dirname "$0")/lib.sh"
needs python3
python3 --version
cat >program.py <<'PYTHON'
import logging, logging.handlers, pickle, queue, socket, struct, threading, time

server = socket.create_server(("127.0.0.1", 0))
got, closed = queue.Queue(), threading.Event()


def exactly(conn, n):
    data = b""
    while len(data) < n:
        piece = conn.recv(n - len(data))
        if not piece:
            return None
        data += piece
    return data


def serve():
    first = True
    while True:
        conn, _ = server.accept()
        while (head := exactly(conn, 4)) is not None:
            got.put(pickle.loads(exactly(conn, struct.unpack(">L", head)[0]))["msg"])
            if first:
                break
        conn.close()
        if first:
            closed.set()
        first = False


threading.Thread(target=serve, daemon=True).start()
logging.raiseExceptions = False
handler = logging.handlers.SocketHandler("127.0.0.1", server.getsockname()[1])
for n in range(1, 6):
    handler.handle(logging.LogRecord("n", 20, "f", 1, n, None, None))
    if n == 1:
        closed.wait()
    time.sleep(1.2)  # longer than the handler's first pause between attempts
arrived = []
while not got.empty():
    arrived.append(got.get())
print("arrived", arrived)
PYTHON
same "arrived ['1', '4', '5']" "$(python3 program.py)"
