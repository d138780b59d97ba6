"""What a person at the terminal sees: each step with its time, in one line."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console


@dataclass(slots=True)
class Steps:
    """Print steps as they end; the time is what the step took."""

    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def chapter(self, title: str) -> None:
        """Print a heading."""
        self.console.print(f"\n[bold]{title}[/bold]")

    @contextmanager
    def step(self, title: str) -> Iterator["Remark"]:
        """Time the body and print one line, with what the body remarked; a failure is printed and goes on up."""
        remark = Remark()
        began = time.monotonic()
        try:
            yield remark
        except BaseException:
            self.console.print(f"  [red]✗[/red] {time.monotonic() - began:7.2f} s  {title}")
            raise
        said = f" [dim]{remark.text}[/dim]" if remark.text else ""
        self.console.print(f"  [green]✓[/green] {time.monotonic() - began:7.2f} s  {title}{said}")


@dataclass(slots=True)
class Remark:
    """What a step found, printed behind its title."""

    text: str = ""
