"""Ending what was issued; the gate sees it on the very next call."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from oauth.credentials import checksum
from oauth.events import AuthorizationRevoked
from oauth.models import AccessToken, Authorization, Client, RefreshToken
from streaming import outbox


@transaction.atomic
def revoke_authorizations(*, consent_id: UUID, now: datetime) -> int:
    """Revoke whatever was issued under a consent; returns how many authorisations that ended."""
    live = list(
        Authorization.objects.select_for_update(of=("self",))
        .select_related("client")
        .filter(consent_id=consent_id, revoked_at__isnull=True)
        .order_by("pk")
    )
    for authorization in live:
        _revoke(authorization, reason="consent", now=now)
    return len(live)


@transaction.atomic
def revoke_authorization(*, authorization_id: UUID, reason: str, now: datetime) -> None:
    """Revoke one authorisation with all its tokens; one that is revoked already stays as it is."""
    authorization = (
        Authorization.objects.select_for_update(of=("self",))
        .select_related("client")
        .filter(pk=authorization_id, revoked_at__isnull=True)
        .first()
    )
    if authorization is not None:
        _revoke(authorization, reason=reason, now=now)


def revoke_token(*, client: Client, token: str, now: datetime) -> None:
    """
    Revoke a client's token: an access token alone, a refresh token with all of its authorisation (RFC 7009 §2.1).

    A token that is unknown, or another client's, is left alone and nothing is said.
    """
    mine = {"token_checksum": checksum(token), "application": client, "revoked_at__isnull": True}
    if AccessToken.objects.filter(**mine).update(revoked_at=now):
        return
    refresh_token = RefreshToken.objects.filter(**mine).first()
    if refresh_token is not None:
        revoke_authorization(authorization_id=refresh_token.authorization_id, reason="client", now=now)


def _revoke(authorization: Authorization, *, reason: str, now: datetime) -> None:
    authorization.revoked_at = now
    authorization.save(update_fields=["revoked_at"])
    authorization.access_tokens.filter(revoked_at__isnull=True).update(revoked_at=now)
    authorization.refresh_tokens.filter(revoked_at__isnull=True).update(revoked_at=now)
    outbox.record(
        AuthorizationRevoked(
            occurred_at=now,
            authorization_id=authorization.id,
            third_party_id=authorization.client.third_party_id,
            client_id=authorization.client_id,
            customer_id=authorization.user_id,
            consent_id=authorization.consent_id,
            reason=reason,
        )
    )
