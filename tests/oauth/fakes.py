"""The room above, as far as the authorisation server asks it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from oauth.errors import InvalidAuthorizationDetails
from oauth.models import Client


class FakeInteraction:
    """Knows consents by their client; those in ``ended`` no longer stand."""

    clients: ClassVar[dict[UUID, str]] = {}
    ended: ClassVar[set[UUID]] = set()

    def resolve(
        self, *, client: Client, details: Sequence[Mapping[str, Any]], scopes: frozenset[str], now: datetime
    ) -> UUID:
        consent_id = UUID(details[0]["consent_id"])
        if self.clients.get(consent_id) != client.client_id:
            raise InvalidAuthorizationDetails
        return consent_id

    def start(self, *, request_id: UUID) -> str:
        return f"/authorise/{request_id}/"

    def may_issue(self, *, consent_id: UUID, now: datetime) -> bool:
        return consent_id not in self.ended
