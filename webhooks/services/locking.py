"""How endpoints are locked and moved; for the services of this room only."""

from datetime import datetime
from uuid import UUID

from oauth.access import Caller
from streaming import outbox
from webhooks.errors import EndpointNotFound
from webhooks.events import EndpointStatusChanged
from webhooks.models import Endpoint, LastPosition
from webhooks.states import ENDPOINT_LIFECYCLE, EndpointStatus


def lock(endpoint_id: UUID) -> Endpoint:
    """
    Lock an endpoint until the transaction ends.

    :raises EndpointNotFound: if there is none.
    """
    endpoint = Endpoint.objects.select_for_update().filter(id=endpoint_id).first()
    if endpoint is None:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return endpoint


def lock_own(caller: Caller, endpoint_id: UUID) -> Endpoint:
    """
    Lock one of the caller's endpoints.

    :raises EndpointNotFound: if it is not there, is deleted, or is another's.
    """
    endpoint = lock(endpoint_id)
    if endpoint.third_party_id != caller.third_party_id or endpoint.status == EndpointStatus.DELETED:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return endpoint


def lock_count(caller: Caller) -> None:
    """Lock the head row of the caller's notifications, so that no other endpoint is made until the transaction ends."""
    LastPosition.objects.get_or_create(third_party_id=caller.third_party_id, defaults={"position": 0})
    LastPosition.objects.select_for_update().get(third_party_id=caller.third_party_id)


def move(endpoint: Endpoint, status: EndpointStatus, *, reason: str, now: datetime) -> None:
    """
    Move a locked endpoint and record it.

    :raises IllegalTransition: if its life cycle has no such move.
    """
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
