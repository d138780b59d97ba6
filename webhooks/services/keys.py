"""An endpoint's keys: made, shown once, rotated."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from oauth.access import Caller
from streaming import outbox
from webhooks import vault
from webhooks.errors import FieldFault, InvalidEndpoint
from webhooks.events import EndpointKeysRotated
from webhooks.models import Endpoint, EndpointKeys
from webhooks.services.locking import lock_own
from webhooks.signing import KeyPair

HOUR = timedelta(hours=1)
LONGEST_OVERLAP = timedelta(days=7)
USUAL_OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NewKeys:
    """An endpoint with the keys just made for it; this is the only moment at which the secret can be shown."""

    endpoint: Endpoint
    keys: KeyPair


@transaction.atomic
def rotate_keys(*, caller: Caller, endpoint_id: UUID, overlap: timedelta = USUAL_OVERLAP, now: datetime) -> NewKeys:
    """
    Give an endpoint new keys; the old ones sign beside them for ``overlap`` (0 to 7 days; 0 in an emergency).

    :raises EndpointNotFound: if it is not there, is deleted, or is another's.
    :raises InvalidEndpoint: if the overlap is out of range.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidEndpoint(
            fields=[FieldFault(path="overlap_hours", detail=f"Choose 0 to {LONGEST_OVERLAP // HOUR} hours.")]
        )
    endpoint = lock_own(caller, endpoint_id)
    retire_at = now + overlap
    endpoint.keys.filter(retires_at__isnull=False, retires_at__gt=retire_at).update(retires_at=retire_at)
    endpoint.keys.filter(retires_at__isnull=True).update(retires_at=retire_at)
    endpoint.keys.filter(retires_at__lte=now).delete()
    keys = make_keys(endpoint, now=now)

    outbox.record(
        EndpointKeysRotated(
            occurred_at=now,
            endpoint_id=endpoint.id,
            third_party_id=endpoint.third_party_id,
            old_keys_retire_at=retire_at,
        )
    )
    return NewKeys(endpoint, keys)


def make_keys(endpoint: Endpoint, *, now: datetime) -> KeyPair:
    """Make an endpoint's newest keys and store them encrypted."""
    keys = KeyPair.generate()
    EndpointKeys.objects.create(
        endpoint=endpoint,
        sealed_secret=vault.seal(keys.secret, owner=endpoint.id),
        sealed_private_key=vault.seal(keys.private_key.private_bytes_raw(), owner=endpoint.id),
        public_key=keys.public_key,
        created_at=now,
    )
    return keys
