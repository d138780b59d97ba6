"""A webhook receiver on the loopback range: keeps what it is sent, answers what it is told to."""

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.loopback import serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at_s: float = field(default_factory=time.monotonic)

    @property
    def message(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to answer; a body in pieces is sent piece by piece, as slowly as they come."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""


@dataclass(slots=True)
class Receiver:
    """Challenges are echoed, unless told otherwise; everything else gets the next reply, or the usual one."""

    url: str
    calls: list[Call] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    usual: Reply = field(default_factory=Reply)
    echoes_challenges: bool = True

    @property
    def events(self) -> list[Call]:
        """What arrived, but for challenges."""
        return [call for call in self.calls if call.message["type"] != "endpoint.challenge"]

    def wait_for(self, count: int, *, timeout_s: float = 10.0) -> list[Call]:
        """Return the events once there are ``count`` of them; fails if that takes too long."""
        deadline = time.monotonic() + timeout_s
        while len(self.events) < count:
            assert time.monotonic() < deadline, f"{len(self.events)} of {count} events arrived"
            time.sleep(0.005)
        return self.events

    def reply_to(self, call: Call) -> Reply:
        """Choose what to answer."""
        if self.echoes_challenges and call.message["type"] == "endpoint.challenge":
            return Reply(status=200, body=call.message["data"]["challenge"].encode())
        return self.replies.popleft() if self.replies else self.usual


@contextmanager
def a_receiver() -> Iterator[Receiver]:
    """Run a receiver for the body of a ``with``."""
    with serving(_Handler) as server:
        server.receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")  # type: ignore[attr-defined]
        yield server.receiver  # type: ignore[attr-defined]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["content-length"]))
        call = Call(path=self.path, headers={name.lower(): value for name, value in self.headers.items()}, body=body)
        receiver.calls.append(call)
        reply = receiver.reply_to(call)
        try:
            self._send(reply)
        except OSError:
            self.close_connection = True  # the caller has had enough of it.

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if isinstance(reply.body, bytes):
            if reply.status not in {204, 304}:
                self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
            return
        self.send_header("connection", "close")
        self.end_headers()
        for piece in reply.body:
            self.wfile.write(piece)
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""
