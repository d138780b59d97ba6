"""
``python -m tests.faults.process ARGUMENTS…``: ``manage.py``, with the tests' own events and groups known to it.

With ``FAULTS_CLOCK`` in the environment, the name of a file that holds a number of seconds, this process's clock is
wrong by so much; the file may change at any time. With ``FAULTS_ONE_IN_FLIGHT`` its producers wait for each answer of
a broker before they ask it again.
"""

import logging
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openbanking.settings")
django.setup()

import uuid_utils  # noqa: E402 - Django's applications come first.
from django.core.management import execute_from_command_line, load_command_class  # noqa: E402

import tests.faults.purses  # noqa: E402, F401 - declares events and groups.
from kernel import clock, identifiers  # noqa: E402
from streaming import kafka  # noqa: E402
from streaming.consuming import registry  # noqa: E402

COMMANDS = ("relay", "consume", "groups", "partitions")


class _WrongClock:
    """Reads the file anew each time: a wrong clock may also jump."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def offset(self) -> timedelta:
        return timedelta(seconds=float(self._file.read_text()))

    def uuid7(self) -> Any:
        return uuid_utils.uuid7(nanoseconds=time.time_ns() + int(self.offset().total_seconds() * 1e9))


def set_clock_wrong() -> None:
    """Let this process's clock be wrong, if its environment says so."""
    if file := os.environ.get("FAULTS_CLOCK"):
        wrong = _WrongClock(Path(file))
        clock.shift_by(wrong.offset)
        vars(identifiers)["uuid_utils"] = wrong  # the one function of it that is used there.


def ask_one_by_one() -> None:
    """
    Let producers have one request in flight, if the environment says so: where the broker does not count.

    A client believes that what it sent before a success has arrived as well, as a broker takes no record whose
    predecessor it lacks. The mock takes any, and an event that it refused would count as published.
    """
    if "FAULTS_ONE_IN_FLIGHT" in os.environ:
        vars(kafka)["_PRODUCER"]["max.in.flight.requests.per.connection"] = 1


def load_all() -> None:
    """Import what commands import when they run, so that copies of this process need not."""
    registry.load()
    for name in COMMANDS:
        load_command_class("streaming", name)


def main() -> None:
    """Run the command that the arguments name."""
    logging.captureWarnings(True)
    set_clock_wrong()
    ask_one_by_one()
    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
