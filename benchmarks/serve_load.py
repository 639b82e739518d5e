"""A load of HTTP requests from one thread: so many connections, one request on each.

It sends bytes that were made before and looks at no more of a reply than its status and
length, so that it costs less than any server it asks.
"""

import select
import socket
import time

__all__ = ["load", "request"]


def request(path, body, kind="application/json"):
    """Return the bytes of a POST."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: {kind}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection:
    def __init__(self, port, sent):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent, self.got, self.need = sent, b"", 0

    def ask(self):
        self.begun = time.perf_counter()
        self.got, self.need = b"", 0
        self.socket.sendall(self.sent)

    def read(self):
        """Take in what came; tell whether the reply is whole."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed a connection")
        self.got += part
        if not self.need:
            head, found, _ = self.got.partition(b"\r\n\r\n")
            if not found:
                return False
            if not head.startswith(b"HTTP/1.1 200"):
                raise ConnectionError(self.got[:500].decode("latin-1"))
            low = head.lower()
            if b"content-length:" in low:
                length = low.partition(b"content-length:")[2].partition(b"\r\n")[0]
                self.need = len(head) + 4 + int(length)
            elif not self.got.endswith(b"0\r\n\r\n"):
                return False
        return len(self.got) >= self.need


def load(port, sent, connections, seconds):
    """Ask for so long, and once on every connection at least.

    Return the replies a second and the seconds that each took.
    """
    some = [_Connection(port, sent) for _ in range(connections)]
    poll, by_number = select.epoll(), {}
    for one in some:
        by_number[one.socket.fileno()] = one
        poll.register(one.socket, select.EPOLLIN)
        one.ask()
    took, begun = [], time.perf_counter()
    end = begun + seconds
    while time.perf_counter() < end or len(took) < connections:
        for number, _ in poll.poll(1):
            one = by_number[number]
            if one.read():
                took.append(time.perf_counter() - one.begun)
                one.ask()
    spent = time.perf_counter() - begun
    for one in some:
        one.socket.close()
    poll.close()
    return len(took) / spent, took
