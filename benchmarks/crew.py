"""Processes that work side by side when they are told to: prepared once, then started together in every round."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias

from benchmarks.surroundings import ROOT, Bench

Work: TypeAlias = Callable[..., Any]
"""What is done in one round; it gets what :meth:`Crew.go` was given and returns what JSON can carry."""


class Crew:
    """Some processes of the same kind."""

    def __init__(self, members: "list[subprocess.Popen[str]]") -> None:
        self._members = members

    def start(self, **order: Any) -> None:
        """Let all of them begin."""
        for member in self._members:
            assert member.stdin is not None
            member.stdin.write(f"{json.dumps(order)}\n")
            member.stdin.flush()

    def results(self) -> list[Any]:
        """Wait for all of them and return what each has to say."""
        return [_answer(member) for member in self._members]

    def go(self, **order: Any) -> list[Any]:
        """Start all of them and wait for their results."""
        self.start(**order)
        return self.results()


@contextmanager
def crew(bench: Bench, prepare: str, *, size: int = 1, part: str = "load", **given: Any) -> Iterator[Crew]:
    """
    Run processes that each call ``prepare`` (``package.module:function``) with ``given`` and wait for orders.

    The function returns the :data:`Work` of a round. Django is set up before its module is imported.
    """
    members = [
        subprocess.Popen(
            [sys.executable, "-m", __name__, prepare, json.dumps(given)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(size)
    ]
    for member in members:
        bench.parts.name(member.pid, part)
    try:
        ready = Crew(members)
        ready.results()
        yield ready
    finally:
        for member in members:
            member.communicate()  # the end of its orders is its end.
            bench.parts.forget(member.pid)


def _answer(member: "subprocess.Popen[str]") -> Any:
    assert member.stdout is not None
    line = member.stdout.readline()
    if not line:
        raise RuntimeError(f"a process of the benchmark ended with status {member.wait()}")
    return json.loads(line)


def _serve(prepare: str, given: str) -> None:
    import django

    django.setup()
    module, _, name = prepare.partition(":")
    work: Work = getattr(import_module(module), name)(**json.loads(given))
    _say("ready")
    for line in sys.stdin:
        _say(work(**json.loads(line)))


def _say(answer: Any) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
