"""The only reader of the clock; everything else takes ``now`` as an argument."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Offset: TypeAlias = Callable[[], timedelta]


def _no_offset() -> timedelta:
    return timedelta(0)


_offset: Offset = _no_offset


def now() -> datetime:
    """Return the application's time: aware, UTC, shifted by what the sandbox set."""
    return datetime.now(UTC) + _offset()


def shift_by(offset: Offset | None) -> None:
    """Install the sandbox's offset, read anew at every call; ``None`` takes it away."""
    global _offset  # noqa: PLW0603 - one clock a process is the point of this module.
    _offset = offset or _no_offset
