"""What is to be reached: each goal with what must be and what is aimed at."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["aim reached", "must reached", "MISSED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """
    One goal; ``unit`` is ``times`` for a ratio (the more the better), ``ms`` or ``s`` for a time (the less the better).

    Ratios compare medians of one run; times are of this machine and say little about another one.
    """

    what: str
    unit: Literal["times", "ms", "s"]
    must: float
    aim: float

    def judge(self, value: float) -> "Judged":
        """Say how a value stands to the goal."""
        if self._is_reached(value, self.aim):
            verdict: Verdict = "aim reached"
        else:
            verdict = "must reached" if self._is_reached(value, self.must) else "MISSED"
        return Judged(
            what=self.what, value=value, unit=self.unit, must=self.must, aim=self.aim, sign=self._sign, verdict=verdict
        )

    @property
    def _sign(self) -> str:
        return "≥" if self.unit == "times" else "≤"

    def _is_reached(self, value: float, bound: float) -> bool:
        return value >= bound if self.unit == "times" else value <= bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A goal beside what was measured."""

    what: str
    value: float
    unit: str
    must: float
    aim: float
    sign: str
    verdict: Verdict
