"""Where third parties want events: taken down, changed, confirmed, disabled, deleted."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from edge.addresses import networks
from oauth.access import Caller
from streaming import outbox
from webhooks.errors import EndpointNotFound, FieldFault, InvalidEndpoint, TooManyEndpoints
from webhooks.events import EndpointCreated
from webhooks.models import Endpoint
from webhooks.public_events import EVENT_TYPES
from webhooks.services.keys import NewKeys, make_keys
from webhooks.services.locking import lock, lock_count, lock_own, move
from webhooks.signing import SCHEMES
from webhooks.states import EndpointStatus
from webhooks.targets import fault_of_url

MOST_ENDPOINTS = 50
"""How many endpoints one third party may have."""


@transaction.atomic
def create_endpoint(
    *,
    caller: Caller,
    url: str,
    event_types: Sequence[str] = (),
    schemes: Sequence[str] = SCHEMES,
    description: str = "",
    now: datetime,
) -> NewKeys:
    """
    Take down where the caller wants events; it goes live once it has echoed a challenge.

    :raises InvalidEndpoint: if the URL may not be called, or an event type or scheme is unknown.
    :raises TooManyEndpoints: if the caller has :data:`MOST_ENDPOINTS` already.
    """
    _ensure_acceptable(url=url, event_types=event_types, schemes=schemes)
    lock_count(caller)
    own = Endpoint.objects.filter(third_party_id=caller.third_party_id).exclude(status=EndpointStatus.DELETED)
    if own.count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints

    endpoint = Endpoint.objects.create(
        third_party_id=caller.third_party_id,
        url=url,
        description=description,
        event_types=_sorted_types(event_types),
        schemes=[scheme for scheme in SCHEMES if scheme in schemes],
        status_changed_at=now,
        created_at=now,
        challenge=_new_challenge(),
    )
    keys = make_keys(endpoint, now=now)

    outbox.record(
        EndpointCreated(
            occurred_at=now,
            endpoint_id=endpoint.id,
            third_party_id=endpoint.third_party_id,
            event_types=tuple(endpoint.event_types),
        )
    )
    return NewKeys(endpoint, keys)


@transaction.atomic
def change_endpoint(
    *,
    caller: Caller,
    endpoint_id: UUID,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    schemes: Sequence[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
    now: datetime,
) -> Endpoint:
    """
    Change what is given of an endpoint; what is ``None`` stays.

    Another URL, or ``is_enabled`` on a disabled endpoint, makes it confirm anew.

    :raises EndpointNotFound: if it is not there, is deleted, or is another's.
    :raises InvalidEndpoint: if a value cannot be accepted.
    """
    endpoint = lock_own(caller, endpoint_id)
    _ensure_acceptable(url=url, event_types=event_types, schemes=schemes)

    if event_types is not None:
        endpoint.event_types = _sorted_types(event_types)
    if schemes is not None:
        endpoint.schemes = [scheme for scheme in SCHEMES if scheme in schemes]
    if description is not None:
        endpoint.description = description
    is_moved = url is not None and url != endpoint.url
    if url is not None:
        endpoint.url = url
    endpoint.save(update_fields=["event_types", "schemes", "description", "url"])

    if is_enabled is False and endpoint.status != EndpointStatus.DISABLED:
        move(endpoint, EndpointStatus.DISABLED, reason="by its owner", now=now)
    elif is_moved or (is_enabled and endpoint.status == EndpointStatus.DISABLED):
        _challenge_anew(endpoint, now=now)
    return endpoint


@transaction.atomic
def delete_endpoint(*, caller: Caller, endpoint_id: UUID, now: datetime) -> None:
    """
    Send nothing more to an endpoint, for good; its keys are forgotten.

    :raises EndpointNotFound: if it is not there, is deleted already, or is another's.
    """
    endpoint = lock_own(caller, endpoint_id)
    move(endpoint, EndpointStatus.DELETED, reason="by its owner", now=now)
    endpoint.keys.all().delete()


@transaction.atomic
def confirm_endpoint(*, endpoint_id: UUID, challenge: str, now: datetime) -> None:
    """Let an endpoint go live that has echoed its challenge; an outdated challenge changes nothing."""
    endpoint = lock(endpoint_id)
    if endpoint.status == EndpointStatus.UNCONFIRMED and endpoint.challenge == challenge:
        move(endpoint, EndpointStatus.LIVE, reason="", now=now)


@transaction.atomic
def disable_endpoint(*, endpoint_id: UUID, reason: str, now: datetime) -> None:
    """
    Send nothing to an endpoint until its owner enables it; what is due waits. Disabled already: no change.

    :raises EndpointNotFound: if there is none, or it is deleted.
    """
    endpoint = lock(endpoint_id)
    if endpoint.status == EndpointStatus.DELETED:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    if endpoint.status != EndpointStatus.DISABLED:
        move(endpoint, EndpointStatus.DISABLED, reason=reason, now=now)


def _challenge_anew(endpoint: Endpoint, *, now: datetime) -> None:
    endpoint.challenge, endpoint.challenge_attempts = _new_challenge(), 0
    endpoint.challenge_due_at = Now()  # calls keep real time, which the sandbox cannot shift.
    endpoint.save(update_fields=["challenge", "challenge_attempts", "challenge_due_at"])
    if endpoint.status != EndpointStatus.UNCONFIRMED:
        move(endpoint, EndpointStatus.UNCONFIRMED, reason="must echo a challenge", now=now)


def _ensure_acceptable(*, url: str | None, event_types: Sequence[str] | None, schemes: Sequence[str] | None) -> None:
    fields: list[FieldFault] = []
    if url is not None:
        fault = fault_of_url(
            url,
            deny=networks(settings.WEBHOOKS_DENY_NETWORKS),
            test_networks=networks(settings.WEBHOOKS_TEST_NETWORKS),
        )
        if fault:
            fields.append(FieldFault(path="url", detail=fault))
    for index, event_type in enumerate(event_types or ()):
        if event_type not in EVENT_TYPES:
            fields.append(FieldFault(path=f"event_types[{index}]", detail=f"Choose from {', '.join(EVENT_TYPES)}."))
    if schemes is not None and (not schemes or not set(schemes) <= set(SCHEMES)):
        fields.append(FieldFault(path="signatures", detail=f"Choose one or more of {', '.join(SCHEMES)}."))
    if fields:
        raise InvalidEndpoint(fields=fields)


def _sorted_types(event_types: Sequence[str]) -> list[str]:
    return [event_type for event_type in EVENT_TYPES if event_type in event_types]


def _new_challenge() -> str:
    return secrets.token_urlsafe(32)
