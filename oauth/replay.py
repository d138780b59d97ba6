"""The memory of what was used: a signed token counts once, for all processes together."""

from datetime import datetime
from hashlib import sha256

from django.db import connection


def claim(*, namespace: str, key: str, expires_at: datetime) -> bool:
    """
    Use something up; ``False`` if it was used before.

    It is kept until ``expires_at``, in the database: its answer survives restarts, and while the database is
    away no token is issued either. Call it after the signature was checked and outside of a transaction, so
    that no error takes the claim back.
    """
    checksum = sha256(f"{namespace}\n{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO oauth_usedassertion (checksum, expires_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [checksum, expires_at],
        )
        return bool(cursor.rowcount)
