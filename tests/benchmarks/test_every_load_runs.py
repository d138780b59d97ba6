"""The benchmarks run; what they measure is for a quiet machine to say, never for a test."""

import subprocess
import sys

import pytest

from benchmarks.goals import Goal
from benchmarks.loads import LOADS
from benchmarks.report import FIGURES
from benchmarks.surroundings import ROOT


@pytest.mark.processes
@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("load", LOADS)
def test_every_load_runs_and_says_how_it_stands_to_its_goals(load):
    figures = FIGURES.read_bytes() if FIGURES.exists() else None

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", load, "--size", "small", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "must" in done.stdout
    assert (FIGURES.read_bytes() if FIGURES.exists() else None) == figures, "only a full run says anything"


@pytest.mark.parametrize(("value", "verdict"), [(0.75, "aim reached"), (0.70, "must reached"), (0.64, "MISSED")])
def test_of_a_ratio_more_is_better(value, verdict):
    goal = Goal(what="with ÷ without", unit="times", must=0.65, aim=0.75)

    assert goal.judge(value).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(20, "aim reached"), (50, "must reached"), (50.1, "MISSED")])
def test_of_a_time_less_is_better(value, verdict):
    goal = Goal(what="p99", unit="ms", must=50, aim=20)

    assert goal.judge(value).verdict == verdict
