"""
What writers know for sure, kept outside of everything that a test may destroy: one line for each step of a deed.

A deed is begun, then done or undone; one that stays begun met a failure, and may have happened or not. Writers may be
killed at any moment: a line that was written is in the hands of the operating system, which outlives them.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

Change = tuple[UUID, int]
"""Purse and amount."""


class Journal:
    """A file that any number of writers add to."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def begin(self, deed_id: UUID, changes: Sequence[Change]) -> None:
        """Note what is about to happen, before anything else knows of it."""
        self._write("begun", str(deed_id), [[str(purse), amount] for purse, amount in changes])

    def done(self, deed_id: UUID) -> None:
        """Note that the database confirmed the commit."""
        self._write("done", str(deed_id))

    def undone(self, deed_id: UUID) -> None:
        """Note that the writer itself undid the deed."""
        self._write("undone", str(deed_id))

    def _write(self, *line: object) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


@dataclass(slots=True)
class Account:
    """What a journal says: deeds with their changes, in three classes."""

    done: dict[UUID, Sequence[Change]] = field(default_factory=dict)
    undone: dict[UUID, Sequence[Change]] = field(default_factory=dict)
    unknown: dict[UUID, Sequence[Change]] = field(default_factory=dict)


def read_journal(path: Path) -> Account:
    """Return what the file says by now; a last line that is not complete yet does not count."""
    account = Account()
    purses: dict[str, UUID] = {}
    classes: Mapping[str, dict[UUID, Sequence[Change]]] = {"done": account.done, "undone": account.undone}
    for line in path.read_text().split("\n")[:-1] if path.exists() else ():
        step, deed, *rest = json.loads(line)
        if step == "begun":
            account.unknown[UUID(deed)] = [(purses.setdefault(purse, UUID(purse)), amount) for purse, amount in rest[0]]
        else:
            classes[step][UUID(deed)] = account.unknown.pop(UUID(deed))
    return account
