"""The port to the room above that knows consents and shows the customer's screens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from oauth.models import Client


class Interaction(Protocol):
    """What the authorisation server asks about the consent behind a request."""

    def resolve(
        self, *, client: Client, details: Sequence[Mapping[str, Any]], scopes: frozenset[str], now: datetime
    ) -> UUID:
        """
        Return the consent that a pushed request names.

        :raises InvalidAuthorizationDetails: if there is none of this client that can be authorised now;
            a foreign and an unknown one alike.
        """
        ...

    def start(self, *, request_id: UUID) -> str:
        """Return the path of the screen on which the customer answers the request."""
        ...

    def may_issue(self, *, consent_id: UUID, now: datetime) -> bool:
        """Say whether tokens may still be issued under a consent."""
        ...


def interaction() -> Interaction:
    """Return the implementation that the settings name."""
    return _load(settings.OAUTH_INTERACTION)


@cache
def _load(path: str) -> Interaction:
    implementation: Interaction = import_string(path)()
    return implementation
