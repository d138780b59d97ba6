"""
``python -m tests.faults.promises``: writes ``docs/faults.md``, which says what each test of the suite promises.

Names of tests are sentences, and the first line of a file says what happens in it: the page repeats them.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "faults.md"
ALSO = (ROOT / "tests" / "streaming" / "test_reader.py",)
"""Tests of the suite that live with what they test."""

INTRODUCTION = """\
# What survives what

<!-- Written by python -m tests.faults.promises -->

The failure suite runs real processes on a PostgreSQL, a Kafka and a Valkey of its own, and hurts them: it kills, stops,
freezes, cuts off, fills up and sets back. Small purses pass money to each other meanwhile. What must come of it is told
by a journal outside the platform, in which the writers note every deed before and after its commit: each change that
was committed is on its topic, in its total and among the receipts once, and those of each purse are versions 1 to n in
this order; what was undone is nowhere; all money together is nothing. No counter of the platform is believed.

| command | what runs |
|---|---|
| `make test` | the short selection, marked ● below, always with the same seed |
| `make faults` | everything, with a new seed each time |
| `make faults SEED=7 ARGS='-k prepared'` | one test as it was in an earlier run; each failure prints this line |
| `make soak` | ten minutes of random faults, `MINUTES=`, `RATE=` and `SEED=` as wished |

A soak keeps a steady rate, 5,000 changes a second, and lets something go wrong every ten seconds. At its end journal
and effects must agree, and neither memory nor connections may have grown.

A few tests need more than every machine has, and are skipped without it: a right to mount a small file system for the
full disk, and `pgbouncer` 1.21 or later for the pool.
"""


def page() -> str:
    """Return the page as the tests tell it now."""
    files = [*sorted(Path(__file__).parent.glob("test_*.py")), *ALSO]
    return INTRODUCTION + "".join("\n".join(_section(file)) + "\n" for file in files)


def _section(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text())
    yield f"\n## {file.stem.removeprefix('test_').replace('_', ' ').capitalize()}\n"
    yield " ".join((ast.get_docstring(tree) or "").partition("\n\n")[0].split()) + "\n"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            is_short = any("mark.faults" in ast.unparse(decorator) for decorator in node.decorator_list)
            yield f"- {_sentence(node.name)}{' ●' if is_short else ''}"


def _sentence(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    return f"{words[0].upper()}{words[1:]}."


if __name__ == "__main__":
    PAGE.write_text(page())
