"""A door in front of a server on the loopback, which can lead elsewhere or be shut: for failovers and cut networks."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Forwards connections to a port that may change; those that are open are cut when it does."""

    def __init__(self, target_port: int) -> None:
        self._target_port: int | None = target_port
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def lead_to(self, target_port: int | None) -> None:
        """Lead to another port from now on, or nowhere."""
        self._target_port = target_port
        self.cut()

    def cut(self) -> None:
        """Cut every open connection."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Lead nowhere for good."""
        self.lead_to(None)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed.
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            if self._target_port is None:
                return
            with socket.create_connection(("127.0.0.1", self._target_port), timeout=5) as server:
                server.settimeout(None)
                with self._lock:
                    self._open |= {client, server}
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()
                with self._lock:
                    self._open -= {client, server}


@contextmanager
def running_proxy(target_port: int) -> Iterator[Proxy]:
    """Run a proxy; afterwards it leads nowhere."""
    proxy = Proxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            sink.sendall(received)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
