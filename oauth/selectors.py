"""What other rooms may read: requests that wait for a customer, names of third parties."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from oauth.errors import PushedRequestNotFound, PushedRequestOver
from oauth.models import PushedRequest, ThirdParty


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """An authorisation request that waits for the customer's answer until ``expires_at``."""

    request_id: UUID
    client_id: str
    third_party_id: UUID
    third_party_name: str
    consent_id: UUID
    scopes: frozenset[str]
    expires_at: datetime
    redirect_origin: str
    """Scheme, host and port to which the answer leads; the page's ``form-action`` must allow it."""


def get_pushed_request(*, request_id: UUID, now: datetime) -> PendingRequest:
    """
    Return the request that a customer's screen is about.

    :raises PushedRequestNotFound: if there is none.
    :raises PushedRequestOver: if it was answered, or its time is over.
    """
    request = PushedRequest.objects.select_related("client__third_party").filter(pk=request_id).first()
    if request is None:
        raise PushedRequestNotFound
    if not request.is_open(now):
        raise PushedRequestOver(request_id=str(request_id))
    target = urlsplit(request.redirect_uri)
    return PendingRequest(
        request_id=request.id,
        client_id=request.client_id,
        third_party_id=request.client.third_party_id,
        third_party_name=request.client.third_party.name,
        consent_id=request.consent_id,
        scopes=frozenset(request.scope.split()),
        expires_at=request.expires_at,
        redirect_origin=f"{target.scheme}://{target.netloc}",
    )


def get_third_party_names(third_party_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the names of third parties by id."""
    return dict(ThirdParty.objects.filter(pk__in=third_party_ids).values_list("pk", "name"))
