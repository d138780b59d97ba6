"""Free ports on this machine."""

import random
import socket
import time

RANGE = range(15_000, 30_000)
"""Below what Linux and macOS give to outgoing connections, which would otherwise take the port between two runs."""
LETTING_GO_TAKES_S = 3.0


def keep_or_choose(port: int | None) -> int:
    """
    Return the port if nobody uses it, else another one that nobody uses.

    Clients know the port by now, and a killed process lets go of it a moment after its end: so wait a little for it.
    """
    if port is not None and _comes_free(port):
        return port
    return next(candidate for candidate in random.sample(RANGE, len(RANGE)) if _is_free(candidate))


def is_listening(port: int) -> bool:
    """Tell whether somebody answers there, without the long wait that clients make before they give up."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _comes_free(port: int) -> bool:
    deadline = time.monotonic() + LETTING_GO_TAKES_S
    while not (free := _is_free(port)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return free


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
