"""How sides are measured in turns, and how processors are counted."""

import subprocess
import sys

from benchmarks.cpu import Cores, Parts, Usage, cores_between
from benchmarks.measure import Sample, Side, rotate

QUIET = Cores(by_part={}, foreign=0.0)
NOISY = Cores(by_part={}, foreign=0.5)


def test_each_round_begins_with_another_side():
    order: list[str] = []

    def side(name: str) -> Side:
        def measure() -> Sample:
            order.append(name)
            return Sample(value=1.0, cores=QUIET)

        return Side(name=name, measure=measure)

    rotate([side("limit"), side("ours"), side("plain")], rounds=2)

    assert order == ["limit", "ours", "plain", "ours", "plain", "limit"]


def test_the_median_of_the_rounds_counts():
    values = iter([10.0, 30.0, 20.0])

    rotation = rotate([Side(name="ours", measure=lambda: Sample(value=next(values), cores=QUIET))], rounds=3)

    figures = rotation.figures["ours"]
    assert (figures.median, figures.low, figures.high) == (20.0, 10.0, 30.0)


def test_a_measurement_is_made_again_while_others_compute_and_the_quietest_counts():
    samples = iter([Sample(value=1.0, cores=NOISY), Sample(value=2.0, cores=QUIET)])

    rotation = rotate([Side(name="ours", measure=lambda: next(samples))], rounds=1)

    assert rotation.figures["ours"].median == 2.0


def test_further_values_of_a_measurement_are_rows_of_their_own():
    sample = Sample(value=300.0, cores=QUIET).with_more({"p99": 12.0})

    rotation = rotate([Side(name="ours", measure=lambda: sample)], rounds=1)

    assert rotation.figures["p99"].median == 12.0


def test_a_child_that_has_ended_still_counts_for_its_part():
    parts = Parts()
    before = parts.usage()

    subprocess.run([sys.executable, "-c", "sum(range(20_000_000))"], check=True)

    after = parts.usage()
    assert after.by_part["benchmark"] > before.by_part["benchmark"]


def test_what_no_part_explains_is_foreign():
    before = Usage(at_s=0.0, busy_s=0.0, by_part={"ours": 0.0})
    after = Usage(at_s=10.0, busy_s=15.0, by_part={"ours": 10.0})

    assert cores_between(before, after) == Cores(by_part={"ours": 1.0}, foreign=0.5)


def test_this_process_is_a_part_from_the_beginning():
    assert "benchmark" in Parts().usage().by_part
