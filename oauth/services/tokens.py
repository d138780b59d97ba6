"""Issuing tokens: to a client in its own name, for a code, for a refresh token."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from oauth.credentials import checksum, new_credential
from oauth.errors import InvalidGrant, InvalidScope, SenderConstraintMissing
from oauth.interaction import interaction
from oauth.models import AccessToken, Authorization, AuthorizationCode, Client, RefreshToken
from oauth.profiles import PROFILES
from oauth.requests import DETAILS_TYPES
from oauth.services.id_tokens import sign_id_token
from oauth.services.revocation import revoke_authorization

REFRESHABLE = frozenset({"accounts"})
"""Scopes that outlive a visit of the customer; a payment is made once, within the hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What the client gets: RFC 6749 §5.1, RFC 9396 §7, OpenID Connect Core §3.1.3.3."""

    access_token: str
    expires_in: timedelta
    scope: str
    details: Sequence[Mapping[str, Any]] = ()
    refresh_token: str | None = None
    id_token: str | None = None


def issue_to_client(*, client: Client, scope: str | None, now: datetime) -> Issued:
    """
    Issue a token in the client's own name (RFC 6749 §4.4): it lodges consents and reads no customer's data.

    :raises InvalidScope: if the scope is missing, or has what only a customer can give.
    """
    scopes = frozenset((scope or "").split())
    if not scopes or not scopes <= DETAILS_TYPES.keys():
        raise InvalidScope("scope must be accounts, payments or both.")
    return _issue_access_token(client=client, scope=" ".join(sorted(scopes)), authorization=None, now=now)


def redeem_code(
    *, client: Client, code: str, redirect_uri: str | None, code_verifier: str | None, now: datetime
) -> Issued:
    """
    Exchange a code for tokens, once; a second use kills what the first one got (RFC 6749 §4.1.2).

    Whatever is wrong is ``invalid_grant``. A code of another client stays as it is.

    :raises InvalidGrant: if so.
    """
    found = AuthorizationCode.objects.filter(code_checksum=checksum(code), application=client).first()
    if found is None:
        raise InvalidGrant(fault="code")
    if redirect_uri != found.redirect_uri:
        raise InvalidGrant(fault="redirect_uri")  # RFC 6749 §4.1.3
    if not hmac.compare_digest(_challenge(code_verifier or ""), found.code_challenge):
        raise InvalidGrant(fault="code_verifier")  # RFC 7636 §4.6
    issued = _redeem(found, client, now)
    if issued is None:  # outside of that transaction: the refusal must not take the revocation back (hole H3).
        revoke_authorization(authorization_id=found.authorization_id, reason="code_replayed", now=now)
        raise InvalidGrant(fault="replay")
    return issued


@transaction.atomic
def redeem_refresh_token(*, client: Client, refresh_token: str, scope: str | None, now: datetime) -> Issued:
    """
    Issue another access token; the refresh token stays (FAPI 2.0 §5.3.2.1), and so do the earlier tokens (H8).

    :raises InvalidGrant: if it is not this client's, is revoked, or its consent no longer stands.
    :raises InvalidScope: if the scope is wider than what the customer authorised.
    """
    found = RefreshToken.objects.filter(
        token_checksum=checksum(refresh_token), application=client, revoked_at__isnull=True
    ).first()
    if found is None:
        raise InvalidGrant(fault="refresh_token")
    authorization = _lock_authorization(found.authorization_id)
    _ensure_live(authorization, now)
    granted = frozenset(authorization.scope.split())
    asked = frozenset(scope.split()) if scope else granted
    if not asked or not asked <= granted:
        raise InvalidScope
    return _issue_access_token(
        client=client,
        scope=" ".join(sorted(asked)),
        authorization=authorization,
        refresh_token=refresh_token,
        now=now,
    )


@transaction.atomic  # holes H3 and H7: the code is used up where the tokens are born, or neither happens.
def _redeem(code: AuthorizationCode, client: Client, now: datetime) -> Issued | None:
    """Return the tokens of a code, or ``None`` if it was used before."""
    authorization = _lock_authorization(code.authorization_id)
    was_live = AuthorizationCode.objects.filter(pk=code.pk, consumed_at__isnull=True, expires__gt=now).update(
        consumed_at=now
    )
    if not was_live:
        if AuthorizationCode.objects.filter(pk=code.pk, consumed_at__isnull=False).exists():
            return None
        raise InvalidGrant(fault="expired")
    _ensure_live(authorization, now)
    scopes = frozenset(authorization.scope.split())
    return _issue_access_token(
        client=client,
        scope=authorization.scope,
        authorization=authorization,
        refresh_token=_new_refresh_token(client, authorization, now) if scopes & REFRESHABLE else None,
        id_token=sign_id_token(authorization=authorization, nonce=code.nonce, now=now) if "openid" in scopes else None,
        now=now,
    )


def _lock_authorization(authorization_id: UUID) -> Authorization:
    """Lock the authorisation, so that nobody revokes it while a token is issued under it."""
    return Authorization.objects.select_for_update(of=("self",)).select_related("client").get(pk=authorization_id)


def _ensure_live(authorization: Authorization, now: datetime) -> None:
    if authorization.revoked_at is not None:
        raise InvalidGrant(fault="revoked")
    if not interaction().may_issue(consent_id=authorization.consent_id, now=now):
        raise InvalidGrant(fault="consent")


def _issue_access_token(
    *,
    client: Client,
    scope: str,
    authorization: Authorization | None,
    now: datetime,
    refresh_token: str | None = None,
    id_token: str | None = None,
) -> Issued:
    profile = PROFILES[client.profile]
    if not profile.sender_constraints and not settings.SANDBOX:
        raise SenderConstraintMissing
    token = new_credential()
    AccessToken.objects.create(
        token_checksum=checksum(token),
        application=client,
        third_party_id=client.third_party_id,
        user_id=authorization.user_id if authorization else None,
        authorization=authorization,
        consent_id=authorization.consent_id if authorization else None,
        scope=scope,
        expires=now + profile.access_token_ttl,
        created=now,
    )
    return Issued(
        access_token=token,
        expires_in=profile.access_token_ttl,
        scope=scope,
        details=authorization.details if authorization else (),
        refresh_token=refresh_token,
        id_token=id_token,
    )


def _new_refresh_token(client: Client, authorization: Authorization, now: datetime) -> str:
    token = new_credential()
    RefreshToken.objects.create(
        token_checksum=checksum(token), application=client, authorization=authorization, created=now
    )
    return token


def _challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 §4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
