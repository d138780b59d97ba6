"""
``python -m tests.faults.process ARGUMENTS…``: ``manage.py``, with the tests' own events and groups known to it.

With ``FAULTS_CLOCK`` in the environment, the name of a file that holds a number of seconds, this process's clock is
wrong by so much; the file may change at any time.
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
from django.core.management import execute_from_command_line  # noqa: E402

import tests.faults.purses  # noqa: E402, F401 - declares events and groups.
from kernel import clock, identifiers  # noqa: E402


class _WrongClock:
    """Reads the file anew each time: a wrong clock may also jump."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def offset(self) -> timedelta:
        return timedelta(seconds=float(self._file.read_text()))

    def uuid7(self) -> Any:
        seconds, nanoseconds = divmod(time.time_ns() + int(self.offset().total_seconds() * 1e9), 1_000_000_000)
        return uuid_utils.uuid7(seconds, nanoseconds)


def set_clock_wrong() -> None:
    """Let this process's clock be wrong, if its environment says so."""
    if file := os.environ.get("FAULTS_CLOCK"):
        wrong = _WrongClock(Path(file))
        clock.shift_by(wrong.offset)
        identifiers.uuid_utils = wrong  # type: ignore[assignment]  # the one function of it that is used there.


if __name__ == "__main__":
    logging.captureWarnings(True)
    set_clock_wrong()
    execute_from_command_line(["manage.py", *sys.argv[1:]])
