"""What the authorisation server asks about consents: the implementation of ``oauth.interaction.Interaction``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.urls import reverse

from consents.access import SCOPES
from consents.models import Consent
from consents.states import ConsentKind, ConsentStatus
from oauth.errors import InvalidAuthorizationDetails

_MEMBERS = frozenset({"type", "consent_id"})
_OPEN = (ConsentStatus.AWAITING_AUTHORISATION, ConsentStatus.AUTHORISED)


class RequestingClient(Protocol):
    """What matters here of the client that pushes a request."""

    @property
    def client_id(self) -> str: ...

    @property
    def third_party_id(self) -> UUID: ...


class ConsentInteraction:
    """Consents behind authorisation requests, and the screens where customers answer them."""

    def resolve(
        self,
        *,
        client: RequestingClient,
        details: Sequence[Mapping[str, Any]],
        scopes: frozenset[str],
        now: datetime,
    ) -> UUID:
        """
        Return the consent that the one element of ``authorization_details`` names (RFC 9396 §2).

        A consent that was answered meanwhile passes: the screen then returns ``access_denied``.

        :raises InvalidAuthorizationDetails: if the element is not of a known type and form, asks in the
            wrong scope, or names no live consent of this client; a foreign and an unknown one alike.
        """
        kind, consent_id = _read_element(details)
        if kind not in {SCOPES.get(scope) for scope in scopes}:
            raise InvalidAuthorizationDetails
        named = Consent.objects.filter(
            id=consent_id,
            kind=kind,
            third_party_id=client.third_party_id,
            client_id=client.client_id,
            status__in=_OPEN,
        )
        consent = named.only("id", "expires_at").first()
        if consent is None or consent.is_past_its_end(now):
            raise InvalidAuthorizationDetails
        return consent.id

    def start(self, *, request_id: UUID) -> str:
        """Return the path of the screen where the customer answers."""
        return reverse("consents:authorise", kwargs={"request_id": request_id})

    def may_issue(self, *, consent_id: UUID, now: datetime) -> bool:
        """Say whether tokens may be issued under the consent: authorised, and not over."""
        consent = Consent.objects.filter(id=consent_id, status=ConsentStatus.AUTHORISED).only("expires_at").first()
        return consent is not None and not consent.is_past_its_end(now)


def _read_element(details: Sequence[Any]) -> tuple[ConsentKind, UUID]:
    """Return kind and consent of the only element; everything unexpected is refused (RFC 9396 §5)."""
    if len(details) != 1 or not isinstance(details[0], dict) or details[0].keys() != _MEMBERS:
        raise InvalidAuthorizationDetails
    kind, consent_id = details[0]["type"], details[0]["consent_id"]
    if not isinstance(kind, str) or not isinstance(consent_id, str):
        raise InvalidAuthorizationDetails
    try:
        return ConsentKind(kind), UUID(hex=consent_id)
    except ValueError:
        raise InvalidAuthorizationDetails from None
