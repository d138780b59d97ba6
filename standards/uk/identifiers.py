"""Ids as the face shows them: the 32 hex digits of a UUID (a hyphenated one would be too long for Max35Text)."""

import re
from uuid import UUID

_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)

NOBODYS = UUID(int=0)
"""An id that nothing has."""


class OpaqueIdConverter:
    """Reads an id in an address; what is no id at all becomes one that nothing has, so that it is merely unknown."""

    regex = "[^/]+"

    def to_python(self, value: str) -> UUID:
        return read_id(value)

    def to_url(self, value: UUID) -> str:
        return value.hex


def read_id(text: str) -> UUID:
    """Return the id that a text spells, or :data:`NOBODYS`."""
    return UUID(hex=text) if _HEX.fullmatch(text) else NOBODYS
