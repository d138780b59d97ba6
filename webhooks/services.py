"""What is written: endpoints, their keys and status, and replays. Deliveries are moved by the dispatcher."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from edge.addresses import networks
from oauth.access import Caller
from streaming import outbox
from webhooks import vault
from webhooks.errors import DeliveryNotFound, EndpointNotFound, FieldFault, InvalidEndpoint, TooManyEndpoints
from webhooks.events import DeliveryReplayed, EndpointCreated, EndpointKeysRotated, EndpointStatusChanged
from webhooks.models import Delivery, Endpoint, EndpointKeys
from webhooks.public_events import EVENT_TYPES
from webhooks.signing import SCHEMES, KeyPair
from webhooks.states import DELIVERY_LIFECYCLE, ENDPOINT_LIFECYCLE, DeliveryState, EndpointStatus
from webhooks.targets import fault_of_url

MOST_ENDPOINTS = 50
"""How many endpoints one third party may have."""

LONGEST_OVERLAP = timedelta(days=7)
USUAL_OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NewKeys:
    """An endpoint with the keys just made for it; this is the only moment at which the secret can be shown."""

    endpoint: Endpoint
    keys: KeyPair


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
    keys = _make_keys(endpoint, now=now)

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
    endpoint = _lock_own(caller, endpoint_id)
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
        _change_status(endpoint, EndpointStatus.DISABLED, reason="by its owner", now=now)
    elif is_moved or (is_enabled and endpoint.status == EndpointStatus.DISABLED):
        _challenge_anew(endpoint, now=now)
    return endpoint


@transaction.atomic
def delete_endpoint(*, caller: Caller, endpoint_id: UUID, now: datetime) -> None:
    """
    Send nothing more to an endpoint, for good; its keys are forgotten.

    :raises EndpointNotFound: if it is not there, is deleted already, or is another's.
    """
    endpoint = _lock_own(caller, endpoint_id)
    _change_status(endpoint, EndpointStatus.DELETED, reason="by its owner", now=now)
    endpoint.keys.all().delete()


@transaction.atomic
def rotate_keys(*, caller: Caller, endpoint_id: UUID, overlap: timedelta = USUAL_OVERLAP, now: datetime) -> NewKeys:
    """
    Give an endpoint new keys; the old ones sign beside them for ``overlap`` (0 to 7 days; 0 in an emergency).

    :raises EndpointNotFound: if it is not there, is deleted, or is another's.
    :raises InvalidEndpoint: if the overlap is out of range.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidEndpoint(fields=[FieldFault(path="overlap_hours", detail="Choose 0 to 168 hours.")])
    endpoint = _lock_own(caller, endpoint_id)
    retire_at = now + overlap
    endpoint.keys.filter(retires_at__isnull=False, retires_at__gt=retire_at).update(retires_at=retire_at)
    endpoint.keys.filter(retires_at__isnull=True).update(retires_at=retire_at)
    endpoint.keys.filter(retires_at__lte=now).delete()
    keys = _make_keys(endpoint, now=now)

    outbox.record(
        EndpointKeysRotated(
            occurred_at=now,
            endpoint_id=endpoint.id,
            third_party_id=endpoint.third_party_id,
            old_keys_retire_at=retire_at,
        )
    )
    return NewKeys(endpoint, keys)


@transaction.atomic
def confirm_endpoint(*, endpoint_id: UUID, challenge: str, now: datetime) -> None:
    """Let an endpoint go live that has echoed its challenge; an outdated challenge changes nothing."""
    endpoint = _lock(endpoint_id)
    if endpoint.status == EndpointStatus.UNCONFIRMED and endpoint.challenge == challenge:
        _change_status(endpoint, EndpointStatus.LIVE, reason="", now=now)


@transaction.atomic
def disable_endpoint(*, endpoint_id: UUID, reason: str, now: datetime) -> None:
    """
    Send nothing to an endpoint until its owner enables it; what is due waits. Disabled already: no change.

    :raises EndpointNotFound: if there is none, or it is deleted.
    """
    endpoint = _lock(endpoint_id)
    if endpoint.status == EndpointStatus.DELETED:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    if endpoint.status != EndpointStatus.DISABLED:
        _change_status(endpoint, EndpointStatus.DISABLED, reason=reason, now=now)


@transaction.atomic
def replay_delivery(*, caller: Caller, endpoint_id: UUID, event_id: UUID, now: datetime) -> Delivery:
    """
    Make a delivery again, under the same message id; its consent is asked for anew.

    :raises EndpointNotFound: if the endpoint is not there, is deleted, or is another's.
    :raises DeliveryNotFound: if the event was not meant for it.
    """
    endpoint = _lock_own(caller, endpoint_id)
    return _replay(endpoint, event_id, reason="asked for by its owner", now=now)


@transaction.atomic
def replay_delivery_for_staff(*, endpoint_id: UUID, event_id: UUID, reason: str, now: datetime) -> Delivery:
    """
    Make a delivery again, for a member of staff who says why.

    :raises DeliveryNotFound: if the event was not meant for this endpoint.
    """
    return _replay(_lock(endpoint_id), event_id, reason=reason, now=now)


def _replay(endpoint: Endpoint, event_id: UUID, *, reason: str, now: datetime) -> Delivery:
    delivery = Delivery.objects.select_for_update().filter(endpoint=endpoint, event_id=event_id).first()
    if delivery is None:
        raise DeliveryNotFound(event_id=event_id)
    if delivery.state == DeliveryState.DUE and delivery.lease is not None:
        return delivery  # it is on its way at this moment.
    if delivery.state != DeliveryState.DUE:
        DELIVERY_LIFECYCLE.ensure(DeliveryState(delivery.state), DeliveryState.DUE)
    delivery.state, delivery.reason = DeliveryState.DUE, "replayed"
    delivery.attempts, delivery.finished_at = 0, None
    delivery.next_attempt_at = Now()
    delivery.save(update_fields=["state", "reason", "attempts", "next_attempt_at", "finished_at"])

    outbox.record(
        DeliveryReplayed(
            occurred_at=now,
            endpoint_id=endpoint.id,
            third_party_id=endpoint.third_party_id,
            replayed_event_id=event_id,
            reason=reason,
        )
    )
    return delivery


def _lock(endpoint_id: UUID) -> Endpoint:
    endpoint = Endpoint.objects.select_for_update().filter(id=endpoint_id).first()
    if endpoint is None:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return endpoint


def _lock_own(caller: Caller, endpoint_id: UUID) -> Endpoint:
    endpoint = _lock(endpoint_id)
    if endpoint.third_party_id != caller.third_party_id or endpoint.status == EndpointStatus.DELETED:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return endpoint


def _challenge_anew(endpoint: Endpoint, *, now: datetime) -> None:
    endpoint.challenge, endpoint.challenge_attempts = _new_challenge(), 0
    endpoint.challenge_due_at = Now()  # calls keep real time, which the sandbox cannot shift.
    endpoint.save(update_fields=["challenge", "challenge_attempts", "challenge_due_at"])
    if endpoint.status != EndpointStatus.UNCONFIRMED:
        _change_status(endpoint, EndpointStatus.UNCONFIRMED, reason="must echo a challenge", now=now)


def _change_status(endpoint: Endpoint, status: EndpointStatus, *, reason: str, now: datetime) -> None:
    ENDPOINT_LIFECYCLE.ensure(EndpointStatus(endpoint.status), status)
    endpoint.status, endpoint.status_reason, endpoint.status_changed_at = status, reason, now
    endpoint.save(update_fields=["status", "status_reason", "status_changed_at"])
    outbox.record(
        EndpointStatusChanged(
            occurred_at=now,
            endpoint_id=endpoint.id,
            third_party_id=endpoint.third_party_id,
            status=status.value,
            reason=reason,
        )
    )


def _make_keys(endpoint: Endpoint, *, now: datetime) -> KeyPair:
    keys = KeyPair.generate()
    EndpointKeys.objects.create(
        endpoint=endpoint,
        sealed_secret=vault.seal(keys.secret, owner=endpoint.id),
        sealed_private_key=vault.seal(keys.private_key.private_bytes_raw(), owner=endpoint.id),
        public_key=keys.public_key,
        created_at=now,
    )
    return keys


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
