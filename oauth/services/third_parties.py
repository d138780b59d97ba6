"""Third parties and their clients: let in, suspended, reinstated."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from kernel import jose
from oauth.errors import InvalidClientMetadata, InvalidRedirectUri, ReasonMissing, ThirdPartyNotFound
from oauth.events import ClientRegistered, ThirdPartyRegistered, ThirdPartyReinstated, ThirdPartySuspended
from oauth.models import Client, ThirdParty
from oauth.redirect_uris import is_allowed_redirect_uri
from oauth.states import THIRD_PARTY_LIFECYCLE, SigningAlgorithm, ThirdPartyStatus
from streaming import outbox

_MAX_REDIRECT_URIS = 20
_MAX_KEYS = 10


@transaction.atomic
def register_client(
    *,
    third_party_name: str,
    redirect_uris: Sequence[str],
    jwks: Mapping[str, Any],
    now: datetime,
    id_token_alg: SigningAlgorithm = SigningAlgorithm.PS256,
) -> Client:
    """
    Let a new third party in, with its first client and the client's public keys.

    :raises InvalidRedirectUri: if there is no redirect URI, or one that may not be registered.
    :raises InvalidClientMetadata: if the name or the key set cannot be used.
    """
    name = _checked_name(third_party_name)
    _check_redirect_uris(redirect_uris)
    keys = _checked_keys(jwks)
    third_party = ThirdParty.objects.create(name=name, created_at=now, status_changed_at=now)
    client = Client.objects.create(
        third_party=third_party,
        name=name,
        redirect_uris=" ".join(redirect_uris),
        client_jwks={"keys": keys},
        id_token_signed_response_alg=id_token_alg,
    )
    outbox.record(ThirdPartyRegistered(occurred_at=now, third_party_id=third_party.id, third_party_name=name))
    outbox.record(
        ClientRegistered(
            occurred_at=now,
            third_party_id=third_party.id,
            client_id=client.client_id,
            redirect_uris=tuple(redirect_uris),
        )
    )
    return client


@transaction.atomic
def suspend_third_party(*, third_party_id: UUID, reason: str, now: datetime) -> ThirdParty:
    """
    Stop a third party from the very next call on; its consents and tokens stay as they are.

    :raises ThirdPartyNotFound: if there is none.
    :raises ReasonMissing: if no reason is given.
    :raises IllegalTransition: if it is not active.
    """
    third_party = _lock(third_party_id)
    third_party.status_reason = _checked_reason(reason)
    _move(third_party, ThirdPartyStatus.SUSPENDED, now)
    outbox.record(ThirdPartySuspended(occurred_at=now, third_party_id=third_party.id, reason=third_party.status_reason))
    return third_party


@transaction.atomic
def reinstate_third_party(*, third_party_id: UUID, reason: str, now: datetime) -> ThirdParty:
    """
    Let a suspended third party act again.

    :raises ThirdPartyNotFound: if there is none.
    :raises ReasonMissing: if no reason is given.
    :raises IllegalTransition: if it is not suspended.
    """
    third_party = _lock(third_party_id)
    reason = _checked_reason(reason)
    third_party.status_reason = ""
    _move(third_party, ThirdPartyStatus.ACTIVE, now)
    outbox.record(ThirdPartyReinstated(occurred_at=now, third_party_id=third_party.id, reason=reason))
    return third_party


def _lock(third_party_id: UUID) -> ThirdParty:
    third_party = ThirdParty.objects.select_for_update().filter(pk=third_party_id).first()
    if third_party is None:
        raise ThirdPartyNotFound
    return third_party


def _move(third_party: ThirdParty, target: ThirdPartyStatus, now: datetime) -> None:
    THIRD_PARTY_LIFECYCLE.ensure(ThirdPartyStatus(third_party.status), target)
    third_party.status = target
    third_party.status_changed_at = now
    third_party.save(update_fields=["status", "status_reason", "status_changed_at"])


def _checked_reason(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()[:500]


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name.strip()) <= 200:
        raise InvalidClientMetadata("The name must be 1 to 200 printable characters.")
    return name.strip()


def _check_redirect_uris(redirect_uris: Sequence[str]) -> None:
    if not 1 <= len(redirect_uris) <= _MAX_REDIRECT_URIS:
        raise InvalidRedirectUri(f"There must be 1 to {_MAX_REDIRECT_URIS} redirect URIs.")
    if not all(map(is_allowed_redirect_uri, redirect_uris)):
        raise InvalidRedirectUri


def _checked_keys(jwks: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = jwks.get("keys")
    if not isinstance(keys, list) or len(keys) > _MAX_KEYS:
        raise InvalidClientMetadata(f"The key set must be a JWK set of at most {_MAX_KEYS} keys.")
    try:
        jose.check_public_keys(keys)
    except jose.InvalidKeySet as refusal:
        raise InvalidClientMetadata(refusal.message) from None
    return keys
