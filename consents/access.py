"""
The gate: one statement decides what a token may do, and says why if it may not.

It writes nothing, builds no model, is never cached and reads the primary: a consent that was ended,
or a third party that was suspended, is refused on the very next request.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection

from consents.states import ConsentKind, ConsentStatus
from oauth import gate
from oauth.access import Caller

SCOPES = {"accounts": ConsentKind.ACCOUNT_ACCESS, "payments": ConsentKind.SINGLE_PAYMENT}
"""What kind of consent a scope is about."""


class RefusalReason(StrEnum):
    """Why the gate stays shut; the list is closed."""

    NO_TOKEN = "no_token"
    UNKNOWN_TOKEN = "unknown_token"
    EXPIRED_TOKEN = "expired_token"
    REVOKED_TOKEN = "revoked_token"
    THIRD_PARTY_SUSPENDED = "third_party_suspended"
    WRONG_SCOPE = "wrong_scope"
    NO_CONSENT = "no_consent"
    CONSENT_NOT_AUTHORISED = "consent_not_authorised"
    CONSENT_EXPIRED = "consent_expired"
    MISSING_PERMISSION = "missing_permission"
    ACCOUNT_NOT_IN_CONSENT = "account_not_in_consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """
    What a customer has granted to the caller, as it stands at this moment.

    ``permissions`` are those of the consent's face. The window of transactions is half-open,
    ``[transactions_from, transactions_to)``, open on a side that is ``None``.
    """

    caller: Caller
    consent_id: UUID
    kind: ConsentKind
    status: ConsentStatus
    customer_id: UUID
    permissions: frozenset[str]
    account_ids: frozenset[UUID]
    transactions_from: datetime | None = None
    transactions_to: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no of the gate, with its reason."""

    reason: RefusalReason


def admit(*, token: str | None, scope: str, now: datetime) -> Grant | Refusal:
    """
    Decide by one statement what the bearer of ``token`` may do in ``scope``.

    A payment consent that is used up still admits its third party, so that a repeated order can be
    answered with the payment it made; using it again is refused by ``consents.services.use_consent``.
    """
    if not token:
        return Refusal(RefusalReason.NO_TOKEN)
    with connection.cursor() as cursor:
        cursor.execute(GATE, {"checksum": gate.checksum(token), "now": now})
        found = cursor.fetchone()
        if found is None:
            return Refusal(RefusalReason.UNKNOWN_TOKEN)
        row = dict(zip((column.name for column in cursor.description), found, strict=True))
    reason = _reason_against(row, scope=scope, now=now)
    return Refusal(reason) if reason else _grant(row)


def refusal_of_use(grant: Grant, *, any_of: frozenset[str], account_id: UUID | None) -> Refusal | None:
    """Say why a grant does not reach so far; ``None`` if it does. No permission asked for: none is needed."""
    if any_of and not any_of & grant.permissions:
        return Refusal(RefusalReason.MISSING_PERMISSION)
    if account_id is not None and account_id not in grant.account_ids:
        return Refusal(RefusalReason.ACCOUNT_NOT_IN_CONSENT)
    return None


GATE = f"""
WITH token AS MATERIALIZED ({gate.TOKEN_SELECT})
SELECT token.third_party_id, token.third_party_status, token.client_id, token.customer_id, token.scope,
       token.expires_at AS token_expires_at, token.revoked_at,
       consent.id AS consent_id, consent.kind, consent.status, consent.permissions, consent.expires_at,
       consent.transactions_from, consent.transactions_to,
       ARRAY(SELECT account_id FROM consents_consentaccount WHERE consent_id = consent.id) AS account_ids
FROM token
LEFT JOIN consents_consent AS consent
       ON consent.id = token.consent_id
      AND consent.third_party_id = token.third_party_id
      AND consent.customer_id = token.customer_id
"""
"""The token part is published by the room ``oauth``; the rest asks the tables of this one."""


def _reason_against(row: dict[str, Any], *, scope: str, now: datetime) -> RefusalReason | None:
    """Return the first thing that speaks against the caller, in the order of the enumeration."""
    checks = (
        (row["token_expires_at"] <= now, RefusalReason.EXPIRED_TOKEN),
        (row["revoked_at"] is not None, RefusalReason.REVOKED_TOKEN),
        (row["third_party_status"] != "active", RefusalReason.THIRD_PARTY_SUSPENDED),
        (scope not in row["scope"].split(), RefusalReason.WRONG_SCOPE),
        (row["consent_id"] is None or SCOPES.get(scope) != row["kind"], RefusalReason.NO_CONSENT),
        (_is_over(row, now=now), RefusalReason.CONSENT_EXPIRED),
        (not _is_granted(row), RefusalReason.CONSENT_NOT_AUTHORISED),
    )
    return next((reason for holds, reason in checks if holds), None)


def _is_granted(row: dict[str, Any]) -> bool:
    return row["status"] in {ConsentStatus.AUTHORISED, ConsentStatus.USED}


def _is_over(row: dict[str, Any], *, now: datetime) -> bool:
    """Say whether time ran out on a consent that would stand otherwise, whether or not the job has been by."""
    if row["status"] == ConsentStatus.AUTHORISED:
        return row["expires_at"] is not None and row["expires_at"] <= now
    return bool(row["status"] == ConsentStatus.EXPIRED)


def _grant(row: dict[str, Any]) -> Grant:
    return Grant(
        caller=Caller(
            third_party_id=row["third_party_id"],
            client_id=row["client_id"],
            scopes=frozenset(row["scope"].split()),
        ),
        consent_id=row["consent_id"],
        kind=ConsentKind(row["kind"]),
        status=ConsentStatus(row["status"]),
        customer_id=row["customer_id"],
        permissions=frozenset(row["permissions"]),
        account_ids=frozenset(row["account_ids"]),
        transactions_from=row["transactions_from"],
        transactions_to=row["transactions_to"],
        expires_at=row["expires_at"],
    )
