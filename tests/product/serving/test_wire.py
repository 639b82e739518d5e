"""Replies over a socket: whole, in order, and nothing but a head for HEAD."""

from __future__ import annotations

import json
import socket

LIVE = "GET /health/live HTTP/1.1\r\nhost: localhost\r\n"
ALIVE = {"status": "live", "live": True}


def said(client, *sent):
    """Send some bytes, and return all that comes back until the server closes."""
    url = client.base_url
    with socket.create_connection((url.host, url.port), 20) as one:
        for part in sent:
            one.sendall(part.encode())
        told = b""
        while part := one.recv(1 << 16):
            told += part
    return told


def bodies(told):
    """Return the statuses and the bodies of replies that came one after another."""
    found = []
    while told:
        head, _, told = told.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:])
        length = int(fields.get("content-length", 0))
        found.append((int(lines[0].split()[1]), told[:length]))
        told = told[length:]
    return found


def test_replies_come_in_order_and_the_last_one_before_the_end(running, loans):
    with running(loans, "--log", "off") as client:
        row = {"age": 40, "pay": 7, "town": "Ghent", "day": "2024-03-01"}
        body = json.dumps({"rows": [row] * 2000, "id": "large"})
        large = (
            "POST /v1/predict HTTP/1.1\r\nhost: localhost\r\n"
            "content-type: application/json\r\nexpect: 100-continue\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        end = LIVE + "connection: close\r\n\r\n"
        told = bodies(said(client, LIVE + "\r\n" + large, body, end))
        assert [status for status, _ in told] == [200, 100, 200, 200]
        assert json.loads(told[0][1]) == json.loads(told[-1][1]) == ALIVE
        assert len(json.loads(told[2][1])["predictions"]) == 2000
        head = said(client, end.replace("GET", "HEAD"))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert head.endswith(b"\r\n\r\n")
        assert said(client, "nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
