"""Identifiers: random and time-ordered for what we make, derived for what the core owns."""

from uuid import UUID, uuid5

import uuid_utils

INSTITUTIONS = UUID("7f6c1c52-5a0e-5b0e-9d43-5f4d1f0f5c11")
"""Namespace of the institutions' names; a constant of the platform, never to be changed."""


def new_id() -> UUID:
    """Return a UUIDv7: unique, and sorted by the millisecond in which it was made."""
    return UUID(int=uuid_utils.uuid7().int)


def entity_id(institution: str, kind: str, core_key: str) -> UUID:
    """
    Return the public id of something that the bank core keys as ``core_key``.

    The same institution, kind and key give the same id for ever, so views that are fed by
    different topics need no order among them.
    """
    return uuid5(uuid5(INSTITUTIONS, institution), f"{kind}:{core_key}")
