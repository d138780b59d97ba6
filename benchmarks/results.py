"""What a load gives back, in a form that is kept as JSON and shown as a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, TypedDict

from benchmarks.goals import Judged
from benchmarks.measure import Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One side of a load, as measured."""

    name: str
    unit: str
    median: float
    low: float
    high: float
    cores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One load: what was compared with what, the figures, and how they stand to the goals."""

    load: str
    title: str
    about: str
    rows: Sequence[Row]
    judged: Sequence[Judged]
    rounds: int
    foreign_cores: float
    calibration_spread: float
    limits: str = ""
    """What keeps it from being better, as found by profiling: written by hand, for who reads the page."""

    @property
    def has_missed(self) -> bool:
        """Say whether a must was missed."""
        return any(each.verdict == "MISSED" for each in self.judged)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it back."""
        rows = [Row(**row) for row in stored["rows"]]
        judged = [Judged(**each) for each in stored["judged"]]
        return cls(**{**stored, "rows": rows, "judged": judged})


def rows_of(rotation: Rotation, *, unit: str | Callable[[str], str]) -> list[Row]:
    """Return a row for each side, in the order in which they were named; ``unit`` may depend on the name."""
    return [
        Row(
            name=name,
            unit=unit if isinstance(unit, str) else unit(name),
            median=figures.median,
            low=figures.low,
            high=figures.high,
            cores={part: round(share, 2) for part, share in figures.cores.items() if share >= 0.005},
        )
        for name, figures in rotation.figures.items()
    ]


class Noise(TypedDict):
    """How much others computed during a load, and how unsteady the machine was."""

    foreign_cores: float
    calibration_spread: float


def noise_of(rotation: Rotation) -> Noise:
    """Return how much others computed meanwhile, as :class:`Result` wants it."""
    return {
        "foreign_cores": round(max(figures.foreign_cores for figures in rotation.figures.values()), 2),
        "calibration_spread": round(rotation.calibration_spread, 2),
    }
