"""What is read: a third party's own endpoints, deliveries and attempts, and everybody's public keys."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Q, QuerySet

from oauth.access import Caller
from webhooks.errors import DeliveryNotFound, EndpointNotFound
from webhooks.models import Attempt, Delivery, Endpoint, EndpointKeys, Notification
from webhooks.states import EndpointStatus


def list_endpoints(*, caller: Caller) -> Sequence[Endpoint]:
    """Return the caller's endpoints, oldest first, with their keys."""
    return list(_own(caller).order_by("id").prefetch_related("keys"))


def get_endpoint(*, caller: Caller, endpoint_id: UUID) -> Endpoint:
    """
    Return one of the caller's endpoints.

    :raises EndpointNotFound: if it is not there, is deleted, or is another's.
    """
    endpoint = _own(caller).filter(id=endpoint_id).prefetch_related("keys").first()
    if endpoint is None:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return endpoint


def list_deliveries(
    *, caller: Caller, endpoint_id: UUID, state: str | None, before: int | None, limit: int
) -> Sequence[Delivery]:
    """
    Return up to ``limit`` deliveries to an endpoint of the caller, newest first, older than the row ``before``.

    :raises EndpointNotFound: if the endpoint is not there, is deleted, or is another's.
    """
    endpoint = get_endpoint(caller=caller, endpoint_id=endpoint_id)
    deliveries = Delivery.objects.filter(endpoint=endpoint)
    if state is not None:
        deliveries = deliveries.filter(state=state)
    if before is not None:
        deliveries = deliveries.filter(id__lt=before)
    return list(deliveries.order_by("-id")[:limit])


@dataclass(frozen=True, slots=True)
class DeliveryStory:
    """A delivery with all its attempts, oldest first."""

    delivery: Delivery
    attempts: Sequence[Attempt]


def get_delivery(*, caller: Caller, endpoint_id: UUID, event_id: UUID) -> DeliveryStory:
    """
    Return the delivery of an event to an endpoint of the caller.

    :raises EndpointNotFound: if the endpoint is not there, is deleted, or is another's.
    :raises DeliveryNotFound: if the event was not meant for it.
    """
    endpoint = get_endpoint(caller=caller, endpoint_id=endpoint_id)
    delivery = Delivery.objects.filter(endpoint=endpoint, event_id=event_id).first()
    if delivery is None:
        raise DeliveryNotFound(event_id=event_id)
    return DeliveryStory(delivery, list(Attempt.objects.filter(delivery_id=delivery.id).order_by("id")))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTrack:
    """
    One delivery as staff see it, with its attempts, oldest first.

    ``told_at`` is when the third party's notification was written, ``host`` the receiver's name without the rest of
    its address.
    """

    delivery_id: int
    event_id: UUID
    third_party_id: UUID
    type: str
    state: str
    host: str
    told_at: datetime
    attempts: Sequence[Attempt]


def list_delivery_tracks(*, event_ids: Sequence[UUID]) -> Sequence[DeliveryTrack]:
    """Return the deliveries of these events, in the order in which they were made; for staff."""
    told = Notification.objects.filter(event_id__in=event_ids).values_list("third_party_id", flat=True)
    endpoints = Endpoint.objects.filter(third_party_id__in=set(told))  # by way of them, as no index begins with events.
    deliveries = (
        Delivery.objects.filter(event_id__in=event_ids, endpoint__in=[endpoint.id for endpoint in endpoints])
        .select_related("endpoint")
        .order_by("id")
    )
    attempts: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(delivery_id__in=[each.id for each in deliveries]).order_by("id"):
        attempts[attempt.delivery_id].append(attempt)
    return [
        DeliveryTrack(
            delivery_id=delivery.id,
            event_id=delivery.event_id,
            third_party_id=delivery.third_party_id,
            type=delivery.type,
            state=delivery.state,
            host=urlsplit(delivery.endpoint.url).hostname or "",
            told_at=delivery.created_at,
            attempts=attempts[delivery.id],
        )
        for delivery in deliveries
    ]


def get_event_of_delivery(*, delivery_id: int) -> UUID:
    """
    Return the event that a delivery is about; for staff.

    :raises DeliveryNotFound: if there is no such delivery.
    """
    event_id = Delivery.objects.filter(id=delivery_id).values_list("event_id", flat=True).first()
    if event_id is None:
        raise DeliveryNotFound(delivery_id=delivery_id)
    return event_id


def list_public_keys(*, now: datetime, endpoint_id: UUID | None = None) -> Sequence[EndpointKeys]:
    """Return the keys that sign at this moment, of one endpoint or of all, oldest first."""
    keys = EndpointKeys.objects.filter(Q(retires_at__isnull=True) | Q(retires_at__gt=now))
    keys = keys.exclude(endpoint__status=EndpointStatus.DELETED)
    if endpoint_id is not None:
        keys = keys.filter(endpoint_id=endpoint_id)
    return list(keys.order_by("id"))


def _own(caller: Caller) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(third_party_id=caller.third_party_id).exclude(status=EndpointStatus.DELETED)
