"""Measures one load on services of its own and writes what came out: ``python -m benchmarks.one LOAD SIZE FILE``."""

import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from types import FrameType

from benchmarks.results import Result
from benchmarks.scale import SCALES
from benchmarks.surroundings import ROOT, surroundings


def main(load: str, size: str, rounds: str, file: str) -> None:
    """Measure and write; the services end however this ends."""
    signal.signal(signal.SIGTERM, _leave)
    scale = SCALES[size]
    folder = Path(os.environ.get("SERVICES_DIR") or ROOT / ".services").resolve() / f"bench-{load}"
    with surroundings(folder, is_judged=size == "full") as bench:
        result: Result = import_module(f"benchmarks.loads.{load}").run(bench, scale.with_rounds(int(rounds)))
    Path(file).write_text(json.dumps(result.as_json()))


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
