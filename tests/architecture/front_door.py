"""An import contract of our own: rooms are entered by their public modules only."""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck
from importlinter.application import output

PRIVATE = frozenset({"models", "admin", "api", "consumers", "tasks", "management", "migrations"})
"""Modules that only code beneath the same package may import."""
OPEN_ROOMS = frozenset({"edge", "streaming", "kernel"})
"""Rooms whose every public module may be entered."""


class FrontDoor(Contract):
    """``PRIVATE`` modules, and every ``_name``, are imported only from beneath the package that holds them."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find every import that goes past a room's front door."""
        offences = [
            f"{importer} -> {imported}"
            for imported in sorted(graph.modules)
            if (holder := _private_holder(imported)) is not None
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if not _is_beneath(importer, holder) and not importer.startswith(("tests.", "benchmarks."))
        ]
        return ContractCheck(kept=not offences, metadata={"offences": offences})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print the offences, one a line."""
        offences: Any = check.metadata["offences"]
        for offence in offences:
            output.print_error(offence)


def _private_holder(module: str) -> str | None:
    parts = module.split(".")
    for depth, part in enumerate(parts[1:], start=1):
        is_private = part.startswith("_") or (part in PRIVATE and parts[0] not in OPEN_ROOMS)
        if is_private and parts[0] != "tests":
            return ".".join(parts[:depth])
    return None


def _is_beneath(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")
