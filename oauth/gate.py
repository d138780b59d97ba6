"""The token's part of the gate: one statement that reads, writes nothing and is never cached."""

from datetime import datetime
from typing import Any

from django.db import connection

from oauth.access import Caller, TokenRefusal
from oauth.credentials import checksum
from oauth.states import ThirdPartyStatus

__all__ = ["TOKEN_SELECT", "admit_client", "checksum"]

TOKEN_SELECT = """
SELECT token.id AS token_id, token.third_party_id, third_party.status AS third_party_status, token.client_id,
       token.customer_id, token.consent_id, token.scope, token.expires AS expires_at, token.revoked_at, token.cnf
FROM oauth_accesstoken AS token
JOIN oauth_thirdparty AS third_party ON third_party.id = token.third_party_id
WHERE token.token_checksum = %(checksum)s
"""
"""One row at most, whatever its state: who reads it says why it refuses. Rooms above join their tables to it."""


def admit_client(token: str | None, *, scope: str | None, now: datetime) -> Caller | TokenRefusal:
    """
    Decide whether a client's own token (client credentials) admits it at ``now``.

    ``scope`` is a scope that the token must have; ``None`` where any will do.
    """
    if not token:
        return TokenRefusal.NO_TOKEN
    with connection.cursor() as cursor:
        cursor.execute(TOKEN_SELECT, {"checksum": checksum(token)})
        row = cursor.fetchone()
        if row is None:
            return TokenRefusal.UNKNOWN_TOKEN
        found = dict(zip((column.name for column in cursor.description), row, strict=True))
    scopes = frozenset(found["scope"].split())
    return _refusal(found, scopes=scopes, scope=scope, now=now) or Caller(
        third_party_id=found["third_party_id"], client_id=found["client_id"], scopes=scopes
    )


def _refusal(found: dict[str, Any], *, scopes: frozenset[str], scope: str | None, now: datetime) -> TokenRefusal | None:
    """Return the first thing that speaks against the caller."""
    checks = (
        (found["expires_at"] <= now, TokenRefusal.EXPIRED_TOKEN),
        (found["revoked_at"] is not None, TokenRefusal.REVOKED_TOKEN),
        (found["third_party_status"] != ThirdPartyStatus.ACTIVE, TokenRefusal.THIRD_PARTY_SUSPENDED),
        (found["consent_id"] is not None, TokenRefusal.CUSTOMER_TOKEN),
        (scope is not None and scope not in scopes, TokenRefusal.WRONG_SCOPE),
    )
    return next((refusal for holds, refusal in checks if holds), None)
