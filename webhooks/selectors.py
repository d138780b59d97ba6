"""What is read: a third party's own endpoints, deliveries and attempts, and everybody's public keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from oauth.access import Caller
from webhooks.errors import DeliveryNotFound, EndpointNotFound
from webhooks.models import Attempt, Delivery, Endpoint, EndpointKeys
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


def list_public_keys(*, now: datetime, endpoint_id: UUID | None = None) -> Sequence[EndpointKeys]:
    """Return the keys that sign at this moment, of one endpoint or of all, oldest first."""
    keys = EndpointKeys.objects.filter(Q(retires_at__isnull=True) | Q(retires_at__gt=now))
    keys = keys.exclude(endpoint__status=EndpointStatus.DELETED)
    if endpoint_id is not None:
        keys = keys.filter(endpoint_id=endpoint_id)
    return list(keys.order_by("id"))


def _own(caller: Caller) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(third_party_id=caller.third_party_id).exclude(status=EndpointStatus.DELETED)
