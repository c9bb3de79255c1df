"""Sockets for a Python that has none: they keep what is sent, and answer as a server does."""
import http.client
import io
import smtplib
import socket


class Wire:
    """What a client sees of a connection. answer(line) returns the reply to a line, or None."""

    def __init__(self, greeting=b"", answer=lambda line: None):
        self.sent = b""
        self.datagrams = []
        self.answer = answer
        self.waiting = greeting
        self.line = b""

    def sendall(self, data, flags=0):
        self.sent += bytes(data)
        for byte in bytes(data):
            self.line += bytes([byte])
            if self.line.endswith(b"\n"):
                self.waiting += self.answer(self.line) or b""
                self.line = b""

    def send(self, data, flags=0):
        self.sendall(data)
        return len(data)

    def sendto(self, data, *address):
        self.datagrams.append(bytes(data))
        return len(data)

    def makefile(self, mode="r", *args, **kwargs):
        return io.BufferedReader(_Answers(self))

    def setsockopt(self, *args):
        pass

    settimeout = connect = bind = setblocking = setsockopt

    def close(self):
        pass


class _Answers(io.RawIOBase):
    def __init__(self, wire):
        self.wire = wire

    def readable(self):
        return True

    def readinto(self, into):
        n = min(len(into), len(self.wire.waiting))
        into[:n], self.wire.waiting = self.wire.waiting[:n], self.wire.waiting[n:]
        return n


def web():
    """Makes http.client talk to a server that answers 200, and returns the list of its connections."""
    wires = []

    def connect(connection):
        head = {"done": False}

        def answer(line):
            if line == b"\r\n" and not head["done"]:
                head["done"] = True
                return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

        connection.sock = Wire(answer=answer)
        wires.append(connection.sock)

    http.client.HTTPConnection.connect = connect
    return wires


def mail():
    """Makes smtplib talk to a server that takes all, and returns the list of its connections."""
    wires = []

    def get_socket(client, host, port, timeout):
        state = {"data": False}

        def answer(line):
            if state["data"]:
                if line != b".\r\n":
                    return None
                state["data"] = False
                return b"250 taken\r\n"
            if line.upper().startswith(b"EHLO"):
                return b"250-fake\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
            if line.upper().startswith(b"DATA"):
                state["data"] = True
                return b"354 go on\r\n"
            if line.upper().startswith(b"QUIT"):
                return b"221 bye\r\n"
            return b"250 ok\r\n"

        wires.append(Wire(b"220 fake\r\n", answer))
        return wires[-1]

    smtplib.SMTP._get_socket = get_socket
    socket.getfqdn = lambda name="": "client.example.com"
    return wires


def datagrams():
    """Makes every new socket a fake one, and returns the list of them."""
    wires = []

    def make(*args, **kwargs):
        wires.append(Wire())
        return wires[-1]

    socket.socket = make
    socket.getaddrinfo = lambda host, port, *args, **kwargs: [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (host, port))]
    return wires
