"""The bank's colours: read from one theme file, checked for contrast, served as a stylesheet."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

FOLDER = Path(__file__).parent / "themes"

TOKENS = (
    "ink",
    "ink-soft",
    "ground",
    "surface",
    "line",
    "stream",
    "on-stream",
    "stream-ground",
    "yes",
    "wait",
    "no",
)
"""The colours that a theme names, in light and in dark."""

CONTRASTS = (
    *((text, ground, 4.5) for text in ("ink", "ink-soft", "stream") for ground in ("ground", "surface")),
    *((text, "stream-ground", 4.5) for text in ("ink", "stream")),
    *((state, "surface", 4.5) for state in ("yes", "wait", "no")),
    ("on-stream", "stream", 4.5),
)
"""Which colour meets which ground, and the contrast they need (WCAG 2.2, 1.4.3 and 1.4.11)."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The look of one bank."""

    mark: str
    light: dict[str, str]
    dark: dict[str, str]

    @property
    def stylesheet(self) -> str:
        """The tokens as CSS, light and dark."""
        return (
            f":root{{{_declarations(self.light)}}}\n"
            f"@media (prefers-color-scheme: dark){{:root{{{_declarations(self.dark)}}}}}\n"
        )

    @property
    def version(self) -> str:
        """Changes whenever the stylesheet does; part of its address."""
        return hashlib.sha256(self.stylesheet.encode()).hexdigest()[:12]

    def faults(self) -> list[str]:
        """Say in words what is missing, or too faint to read."""
        faults = []
        for scheme, colours in (("light", self.light), ("dark", self.dark)):
            missing = [token for token in TOKENS if token not in colours]
            faults += [f"{scheme}: no colour for “{token}”" for token in missing]
            if missing:
                continue
            for text, ground, least in CONTRASTS:
                found = contrast(colours[text], colours[ground])
                if found < least:
                    faults.append(f"{scheme}: “{text}” on “{ground}” has a contrast of {found:.2f}, needs {least}")
        return faults


@cache
def current_theme() -> Theme:
    """Return the theme of this deployment."""
    return read_theme(FOLDER / f"{settings.INSTITUTION_THEME}.toml")


def read_theme(path: Path) -> Theme:
    """Read a theme file."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return Theme(mark=content["mark"], light=content["light"], dark=content["dark"])


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours such as ``#1f1a2e`` (WCAG 2.2, "contrast ratio")."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _declarations(colours: dict[str, str]) -> str:
    return "".join(f"--{token}:{colours[token]};" for token in TOKENS if token in colours)
