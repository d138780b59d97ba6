"""
A webhook receiver, as a third party would write one: checks both signatures, echoes challenges, keeps the last events.

It listens on the loopback range only. ``GET`` on its address answers with what it has received, newest last.
"""

import base64
import binascii
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE_S = 300
KEPT = 500
LARGEST_BODY = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message as it arrived; ``v1`` and ``v1a`` say whether that signature is right, ``at_s`` is since 1970."""

    id: str
    headers: Mapping[str, str]
    body: str
    v1: bool
    v1a: bool
    at_s: float

    @property
    def message(self) -> dict[str, Any]:
        """The body, read as JSON."""
        return dict(json.loads(self.body))

    @property
    def type(self) -> str:
        """The event's type."""
        return str(self.message.get("type"))


def is_signed_by_secret(headers: Mapping[str, str], body: bytes, *, secret: str) -> bool:
    """Say whether one of the ``v1`` signatures was made with ``secret`` (``whsec_…``)."""
    expected = hmac.digest(_decode(secret, "whsec_"), _content(headers, body), "sha256")
    return any(hmac.compare_digest(expected, given) for given in _signatures(headers, "v1"))


def is_signed_by_key(headers: Mapping[str, str], body: bytes, *, verification_key: str) -> bool:
    """Say whether one of the ``v1a`` signatures was made with the key of which ``whpk_…`` is the public part."""
    key = Ed25519PublicKey.from_public_bytes(_decode(verification_key, "whpk_"))
    return any(_fits(key, given, _content(headers, body)) for given in _signatures(headers, "v1a"))


def is_fresh(headers: Mapping[str, str], *, now_s: float) -> bool:
    """Say whether the message was sent within five minutes of ``now_s``; an older one may be a repetition."""
    sent = headers.get("webhook-timestamp", "")
    return sent.isdigit() and abs(now_s - int(sent)) <= TOLERANCE_S


@dataclass(slots=True)
class WebhookReceiver:
    """
    Listens until it is stopped. Use it as a context manager, or ``start`` and ``stop`` it.

    It echoes challenges from the start; events are put off (503) until :meth:`trust` has been told the keys.
    """

    port: int = 0
    """0: any free one."""
    on_event: Callable[[Delivery], None] | None = None
    _events: deque[Delivery] = field(default_factory=lambda: deque(maxlen=KEPT), init=False)
    _arrived: threading.Condition = field(default_factory=threading.Condition, init=False)
    _secret: str = field(default="", init=False)
    _verification_key: str = field(default="", init=False)
    _server: ThreadingHTTPServer | None = field(default=None, init=False)

    def start(self) -> Self:
        """Begin to listen, in a thread of its own."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.receiver = self
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="webhook receiver", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/webhooks"

    @property
    def events(self) -> list[Delivery]:
        """The newest events, oldest first; only such whose signatures are right."""
        with self._arrived:
            return list(self._events)

    def trust(self, *, secret: str, verification_key: str) -> None:
        """Take the keys that came with the endpoint: ``whsec_…`` and ``whpk_…``."""
        self._secret, self._verification_key = secret, verification_key

    def wait_for(self, wanted: Callable[[Delivery], bool], *, timeout_s: float = 10.0) -> Delivery:
        """
        Return the first event that is wanted, arrived or to come.

        :raises TimeoutError: if none comes in time.
        """
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while True:
                found = next((event for event in self._events if wanted(event)), None)
                if found is not None:
                    return found
                left_s = deadline - time.monotonic()
                if left_s <= 0 or not self._arrived.wait(left_s):
                    raise TimeoutError(f"no such event within {timeout_s} s; {len(self._events)} others came")

    def receive(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Take one message; returns the status and body to answer with."""
        try:
            message = json.loads(body)
        except ValueError:
            return 400, b"not JSON"
        if isinstance(message, dict) and message.get("type") == "endpoint.challenge":
            return 200, json.dumps({"challenge": message["data"]["challenge"]}).encode()
        if not self._secret:
            return 503, b"no keys yet"
        delivery = Delivery(
            id=headers.get("webhook-id", ""),
            headers=headers,
            body=body.decode(),
            v1=is_signed_by_secret(headers, body, secret=self._secret),
            v1a=is_signed_by_key(headers, body, verification_key=self._verification_key),
            at_s=time.time(),
        )
        if not (delivery.v1 and delivery.v1a and is_fresh(headers, now_s=delivery.at_s)):
            return 401, b"not signed by the bank, or too old"
        with self._arrived:
            is_new = all(known.id != delivery.id for known in self._events)  # a repetition has the same id.
            if is_new:
                self._events.append(delivery)
                self._arrived.notify_all()
        if is_new and self.on_event is not None:
            self.on_event(delivery)
        return 204, b""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: WebhookReceiver


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._answer(413, b"")
            return
        body = self.rfile.read(int(length))
        status, text = self.server.receiver.receive({k.lower(): v for k, v in self.headers.items()}, body)
        self._answer(status, text)

    def do_GET(self) -> None:
        shown = [
            {
                "id": event.id,
                "type": event.type,
                "received_at": event.at_s,
                "verified": {"v1": event.v1, "v1a": event.v1a},
                "headers": {k: v for k, v in event.headers.items() if k.startswith("webhook-")},
                "body": event.body,
            }
            for event in self.server.receiver.events
        ]
        self._answer(200, json.dumps(shown, indent=1).encode(), kind="application/json")

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""

    def _answer(self, status: int, body: bytes, *, kind: str = "text/plain") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if status != 204 else b"")


def _content(headers: Mapping[str, str], body: bytes) -> bytes:
    return f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode() + body


def _signatures(headers: Mapping[str, str], scheme: str) -> list[bytes]:
    found = []
    for part in headers.get("webhook-signature", "").split(" "):
        version, _, value = part.partition(",")
        if version == scheme:
            try:
                found.append(base64.b64decode(value, validate=True))
            except binascii.Error:
                continue
    return found


def _fits(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _decode(text: str, prefix: str) -> bytes:
    return base64.b64decode(text.removeprefix(prefix))
