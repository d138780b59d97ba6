"""Endpoints that are live, and news for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from oauth.access import Caller
from webhooks import services
from webhooks.fanout import Item, fan_out
from webhooks.models import Endpoint
from webhooks.public_events import News
from webhooks.services import NewKeys
from webhooks.states import EndpointStatus


def a_caller(third_party_id: UUID) -> Caller:
    """A third party that calls with its own token."""
    return Caller(third_party_id=third_party_id, client_id="client", scopes=frozenset({"accounts"}))


def an_endpoint(
    third_party_id: UUID,
    *,
    now: datetime,
    url: str = "http://127.0.0.1:9/hook",
    is_live: bool = True,
    **details: Any,
) -> NewKeys:
    """An endpoint with its keys, which has echoed its challenge unless ``is_live`` is false."""
    made = services.create_endpoint(caller=a_caller(third_party_id), url=url, now=now, **details)
    if is_live:
        services.confirm_endpoint(endpoint_id=made.endpoint.id, challenge=made.endpoint.challenge, now=now)
        made.endpoint.refresh_from_db()
        assert made.endpoint.status == EndpointStatus.LIVE
    return made


def news_of_a_balance(account_id: UUID, *, now: datetime, event_id: UUID | None = None) -> Item:
    """The balance of an account changed."""
    return Item(
        event_id=event_id or uuid4(),
        type="balance.changed",
        occurred_at=now,
        news=News(
            resource_id=account_id,
            account_id=account_id,
            any_permission=("ReadBalances",),
            body={"account_id": account_id.hex},
        ),
    )


def news_of_a_consent(third_party_id: UUID, consent_id: UUID, *, now: datetime) -> Item:
    """A consent of this third party ended."""
    return Item(
        event_id=uuid4(),
        type="consent.ended",
        occurred_at=now,
        news=News(
            resource_id=consent_id,
            third_party_id=third_party_id,
            consent_id=consent_id,
            body={"consent_id": consent_id.hex},
        ),
    )


def tell(items: Sequence[Item], *, now: datetime) -> None:
    """Fan the news out, as the consumer does."""
    with transaction.atomic():
        fan_out(items, now=now)


def reload(endpoint: Endpoint) -> Endpoint:
    """Read an endpoint anew."""
    return Endpoint.objects.get(id=endpoint.id)
