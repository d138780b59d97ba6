"""Idempotency keys: the same key and body lead to the same resource, also for calls made at once."""

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import orjson
from django.db import connection

from kernel.errors import DomainError

KEPT_FOR = timedelta(hours=48)
"""How long a key is remembered; the standards ask for 24 hours at least."""


class KeyReused(DomainError):
    code: ClassVar[str] = "idempotency_key_reused"
    detail: ClassVar[str] = "This idempotency key was used before with another body."


def claim(
    *, third_party_id: UUID, operation: str, key: str, body_hash: bytes, resource_id: UUID, now: datetime
) -> UUID | None:
    """
    Claim a key for the resource that the caller is about to make, inside the caller's transaction.

    Returns ``None`` if the key is new: make ``resource_id``. Otherwise returns the id of the resource that
    the first call made: answer with its present state. A call that comes while the first is under way
    waits for it to commit (same resource) or roll back (then the key is new).

    ``operation`` names what is made ("domestic-payments"), ``body_hash`` comes from :func:`hash_body`.

    :raises KeyReused: if the key was used with another body.
    """
    assert connection.in_atomic_block, "a claim outlives a failed call unless both share a transaction"
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [third_party_id, operation, key, body_hash, resource_id, now])
        if cursor.fetchone():
            return None
        cursor.execute(_SELECT, [third_party_id, operation, key])
        return _same(cursor.fetchone(), body_hash, operation)


def recall(*, third_party_id: UUID, operation: str, key: str, body_hash: bytes) -> UUID | None:
    """
    Return what a key was used for before, if it was: for a caller who must look before it checks the rest.

    It claims nothing and waits for nobody; :func:`claim` decides.

    :raises KeyReused: if the key was used with another body.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, [third_party_id, operation, key])
        found = cursor.fetchone()
    return None if found is None else _same(found, body_hash, operation)


def hash_body(body: object) -> bytes:
    """Return the SHA-256 of a JSON value; spacing and the order of members make no difference."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).digest()


def forget_old_keys(*, now: datetime) -> int:
    """Delete keys that are older than :data:`KEPT_FOR`; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM edge_idempotency WHERE created_at < %s", [now - KEPT_FOR])
        return int(cursor.rowcount)


# ON CONFLICT waits for a transaction that is inserting the same key; only then does the SELECT see its row.
_INSERT = """
INSERT INTO edge_idempotency (third_party_id, operation, key, body_hash, resource_id, created_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (third_party_id, operation, key) DO NOTHING
RETURNING id
"""

_SELECT = """
SELECT body_hash, resource_id FROM edge_idempotency WHERE third_party_id = %s AND operation = %s AND key = %s
"""


def _same(found: tuple[bytes, UUID], body_hash: bytes, operation: str) -> UUID:
    first_hash, resource_id = found
    if bytes(first_hash) != body_hash:
        raise KeyReused(operation=operation)
    return resource_id
