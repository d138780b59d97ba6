"""Who used the processors: PostgreSQL, the broker, the product's processes, the benchmark itself, or somebody else."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_KERNEL_THREADS = 2
"""The parent of the kernel's own threads: what they write to disk is written for us."""
_BUSY_COLUMNS = (0, 1, 2, 5, 6, 7)
"""Of the first line of ``/proc/stat``: user, nice, system, irq, softirq, steal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Seconds of processor time since the machine started: of all cores, and of each part of ours."""

    at_s: float
    busy_s: float
    by_part: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """How many cores were busy over a stretch of time, by part; ``foreign`` is what none of the parts explains."""

    by_part: Mapping[str, float]
    foreign: float


class Parts:
    """Process trees by name; a process belongs to the nearest of its ancestors that was named."""

    def __init__(self) -> None:
        self._roots = {os.getpid(): "benchmark", _KERNEL_THREADS: "kernel"}

    def name(self, pid: int, part: str) -> None:
        """Count this process and its descendants as a part."""
        self._roots[pid] = part

    def forget(self, pid: int) -> None:
        """Count the process no more: its number may be another one's by now."""
        self._roots.pop(pid, None)

    def usage(self) -> Usage:
        """Look at every process; one that ended counts for the one that waited for it."""
        stats = dict(_stats())
        by_part = dict.fromkeys(self._roots.values(), 0.0)
        for pid, (_, used_s) in stats.items():
            if part := self._part_of(pid, stats):
                by_part[part] += used_s
        return Usage(at_s=time.monotonic(), busy_s=_busy_s(), by_part=by_part)

    def _part_of(self, pid: int, stats: "Mapping[int, tuple[int, float]]") -> str | None:
        while pid in stats:
            if pid in self._roots:
                return self._roots[pid]
            pid = stats[pid][0]
        return None


def cores_between(before: Usage, after: Usage) -> Cores:
    """Return how many cores were busy on average between two looks."""
    wall_s = max(after.at_s - before.at_s, 1e-9)
    used_s = {part: after.by_part[part] - before.by_part.get(part, 0.0) for part in after.by_part}
    # A process that ended in between takes its seconds to its parent, which may be another part: never below nought.
    by_part = {part: max(seconds, 0.0) / wall_s for part, seconds in used_s.items()}
    foreign = (after.busy_s - before.busy_s - sum(used_s.values())) / wall_s
    return Cores(by_part=by_part, foreign=max(foreign, 0.0))


def _stats() -> "list[tuple[int, tuple[int, float]]]":
    """Return parent and processor time, with that of children that were waited for, of every process."""
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile.
            continue
        parent, ticks = int(fields[1]), sum(map(int, fields[11:15]))
        found.append((int(entry.name), (parent, ticks / _TICKS_A_SECOND)))
    return found


def _busy_s() -> float:
    columns = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(columns[number]) for number in _BUSY_COLUMNS) / _TICKS_A_SECOND
