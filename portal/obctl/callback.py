"""The third party's redirect URI, listened to for one answer."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from portal.obctl.errors import ObctlError

_THANKS = b"<!doctype html><title>obctl</title><p>Thank you. You can go back to the terminal.</p>"


class CallbackListener:
    """
    Waits for the browser to come back to a loopback redirect URI.

    :raises ObctlError: if the URI is not on this machine, or its port is taken.
    """

    def __init__(self, redirect_uri: str) -> None:
        parts = urlsplit(redirect_uri)
        if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "localhost", "::1"} or not parts.port:
            raise ObctlError(f"obctl can wait for http://127.0.0.1:PORT/… only, not for {redirect_uri}.")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path or "/"
        self._arrived = threading.Event()
        self._url = ""
        try:
            self._server = _Server(("127.0.0.1", parts.port), _Handler)
        except OSError as error:
            raise ObctlError(f"Port {parts.port} of the redirect URI is taken: {error}.") from error
        self._server.listener = self

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="callback", daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, *, timeout_s: float) -> str:
        """
        Return the whole address that the browser came to.

        :raises ObctlError: if it does not come in time.
        """
        if not self._arrived.wait(timeout_s):
            raise ObctlError(f"The customer did not come back within {timeout_s:.0f} s.")
        return self._url

    def take(self, target: str) -> bool:
        """Take the request's target if it is the answer; says so."""
        if urlsplit(target).path != self._path or self._arrived.is_set():
            return False
        self._url = self._origin + target
        self._arrived.set()
        return True


class _Server(HTTPServer):
    listener: CallbackListener


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        is_answer = self.server.listener.take(self.path)
        self.send_response(200 if is_answer else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(_THANKS) if is_answer else 0))
        self.end_headers()
        self.wfile.write(_THANKS if is_answer else b"")

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""
