"""Deliveries once more; all other moves of a delivery are the dispatcher's."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from oauth.access import Caller
from streaming import outbox
from webhooks.errors import DeliveryNotFound
from webhooks.events import DeliveryReplayed
from webhooks.models import Delivery, Endpoint
from webhooks.services.locking import lock, lock_own
from webhooks.states import DELIVERY_LIFECYCLE, DeliveryState


@transaction.atomic
def replay_delivery(*, caller: Caller, endpoint_id: UUID, event_id: UUID, now: datetime) -> Delivery:
    """
    Make a delivery again, under the same message id; its consent is asked for anew.

    :raises EndpointNotFound: if the endpoint is not there, is deleted, or is another's.
    :raises DeliveryNotFound: if the event was not meant for it.
    """
    endpoint = lock_own(caller, endpoint_id)
    return _replay(endpoint, event_id, reason="asked for by its owner", now=now)


@transaction.atomic
def replay_delivery_for_staff(*, endpoint_id: UUID, event_id: UUID, reason: str, now: datetime) -> Delivery:
    """
    Make a delivery again, for a member of staff who says why.

    :raises DeliveryNotFound: if the event was not meant for this endpoint.
    """
    return _replay(lock(endpoint_id), event_id, reason=reason, now=now)


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
