"""Keeps the API busy with one page, over many connections, as fast as it is served; takes ``wrk``'s place too."""

import http.client
import re
import shutil
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from benchmarks.surroundings import ROOT, Bench

CONNECTIONS = 16


@contextmanager
def saturated(bench: Bench, *, url: str, token: str, seconds: float) -> Iterator[Callable[[], float]]:
    """Request the page for some seconds; offers, once they are over, how many were served in a second."""
    own = [sys.executable, "-m", __name__]
    command = [
        *([wrk] if (wrk := shutil.which("wrk")) else own), "--threads=1", f"--connections={CONNECTIONS}",
        f"--duration={max(1, round(seconds))}s", f"--header=Authorization: Bearer {token}", url,
    ]  # fmt: skip
    caller = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    bench.parts.name(caller.pid, "callers")

    def served_per_s() -> float:
        said, _ = caller.communicate()
        found = re.search(r"^Requests/sec:\s*([\d.]+)", said, re.MULTILINE)
        assert found is not None, f"the callers of the API did not end well: {said}"
        assert "Non-2xx" not in said, f"the API refused calls: {said}"
        return float(found[1])

    try:
        yield served_per_s
    finally:
        caller.wait()
        bench.parts.forget(caller.pid)


def _call(url: str, header: str, until: float, served: list[int]) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    name, _, value = header.partition(": ")
    number = 0
    while time.monotonic() < until:
        connection.request("GET", parts.path, headers={name: value})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == http.HTTPStatus.OK, answer.status
        number += 1
    served.append(number)


def _call_instead_of_wrk() -> None:
    parser = ArgumentParser()
    parser.add_argument("--threads")
    parser.add_argument("--connections", type=int)
    parser.add_argument("--duration")
    parser.add_argument("--header")
    parser.add_argument("url")
    wanted = parser.parse_args()
    seconds = float(wanted.duration.removesuffix("s"))
    served: list[int] = []
    until = time.monotonic() + seconds
    callers = [
        threading.Thread(target=_call, args=(wanted.url, wanted.header, until, served))
        for _ in range(wanted.connections)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    if len(served) < len(callers):
        sys.stdout.write("Non-2xx answers\n")
    sys.stdout.write(f"Requests/sec: {sum(served) / seconds:.2f}\n")


if __name__ == "__main__":
    _call_instead_of_wrk()
