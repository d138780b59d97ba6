"""How sides are measured: in turns, with the order shifted each round, medians, and an eye on who else computes."""

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from benchmarks.cpu import Cores, Parts, cores_between

MOST_FOREIGN_CORES = 0.1
"""A round in which others used more than this is measured again."""
REPEATS = 2
"""How often a noisy round is measured again before it is taken as it is, and said to be noisy."""
_CALIBRATION_LOOPS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement: a value in the load's unit, and the cores that were busy meanwhile."""

    value: float
    cores: Cores
    more: Mapping[str, float] = field(default_factory=dict)
    """Further values of the same measurement, by the names of their rows."""

    def with_more(self, values: Mapping[str, float]) -> Self:
        """Return the sample with further values beside those that it has."""
        return replace(self, more={**self.more, **values})


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the things that are compared."""

    name: str
    measure: Callable[[], Sample]


@dataclass(slots=True, kw_only=True)
class Figures:
    """What the rounds of a side gave."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The value that counts."""
        return statistics.median(sample.value for sample in self.samples)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(sample.value for sample in self.samples)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(sample.value for sample in self.samples)

    @property
    def cores(self) -> Mapping[str, float]:
        """The median of the cores that each part kept busy: a part near one whole core is the bottleneck."""
        parts = self.samples[0].cores.by_part
        return {
            part: statistics.median(sample.cores.by_part.get(part, 0.0) for sample in self.samples) for part in parts
        }

    @property
    def foreign_cores(self) -> float:
        """The most that others used in any round that was taken."""
        return max(sample.cores.foreign for sample in self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What all sides gave, and how steady the machine was while they were measured."""

    figures: Mapping[str, Figures]
    calibration_spread: float
    """The slowest run of one and the same loop, by the fastest: 1.0 on a machine that was left alone."""

    def ratio(self, ours: str, other: str) -> float:
        """Return how many times as much one side gave as another."""
        return self.figures[ours].median / self.figures[other].median


class Stretch:
    """A stretch of work whose time and processors are taken; ``sample`` is to be called after it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._before = parts.usage()
        self._after = self._before

    def end(self) -> None:
        """Stop the watch."""
        self._after = self._parts.usage()

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self._after.at_s - self._before.at_s

    def sample(self, value: float) -> Sample:
        """Return a measurement with this value."""
        return Sample(value=value, cores=cores_between(self._before, self._after))


@contextmanager
def stretch(parts: Parts) -> Iterator[Stretch]:
    """Take time and processors of the body of a ``with``."""
    taken = Stretch(parts)
    yield taken
    taken.end()


def rotate(sides: Sequence[Side], *, rounds: int, is_judged: bool = True) -> Rotation:
    """
    Measure all sides in turns, each round in another order, so that none profits from its place.

    If ``is_judged``, a measurement with too much foreign computing is made again.
    """
    figures: dict[str, Figures] = defaultdict(Figures)
    calibrations = [_calibrate()]
    for number in range(rounds):
        shift = number % len(sides)
        for side in (*sides[shift:], *sides[:shift]):
            sample = _measure(side, repeats=REPEATS if is_judged else 0)
            figures[side.name].samples.append(sample)
            for name, value in sample.more.items():
                figures[name].samples.append(replace(sample, value=value))
            calibrations.append(_calibrate())
            say(f"  round {number + 1}: {side.name}: {sample.value:,.1f}{_busy(sample.cores)}")
    return Rotation(figures=figures, calibration_spread=max(calibrations) / min(calibrations))


def say(line: str) -> None:
    """Show how far it has come; the result itself is written elsewhere."""
    sys.stderr.write(f"{line}\n")


def _measure(side: Side, *, repeats: int) -> Sample:
    sample = side.measure()
    while repeats and sample.cores.foreign > MOST_FOREIGN_CORES:
        say(f"  {side.name}: others used {sample.cores.foreign:.2f} cores; measured again")
        again = side.measure()
        sample = min(sample, again, key=lambda one: one.cores.foreign)
        repeats -= 1
    return sample


def _busy(cores: Cores) -> str:
    shares = ", ".join(f"{part} {share:.2f}" for part, share in cores.by_part.items() if share >= 0.01)
    return f"  (cores: {shares}; foreign {cores.foreign:.2f})"


def _calibrate() -> float:
    started = time.perf_counter()
    for _ in range(_CALIBRATION_LOOPS):
        pass
    return time.perf_counter() - started
