"""``/account-access-consents``: lodge, read and delete a request for access to accounts."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from consents import selectors, services
from consents.states import ConsentKind, EndedBy
from edge.bodies import read_json_object
from kernel import clock
from standards.uk.account_access import read_account_access
from standards.uk.envelopes import empty_answer, resource_answer
from standards.uk.operations import Operation, Token
from standards.uk.resources import consent_body
from standards.uk.validation import ensure_valid
from standards.uk.views.endpoint import Endpoint, caller_of

if TYPE_CHECKING:
    from consents.models import Consent

_TAG = "Account Access Consents"
_COMMON: dict[str, Any] = {"tag": _TAG, "token": Token.CLIENT, "scope": "accounts"}


class AccountAccessConsents(Endpoint):
    """``POST /account-access-consents``."""

    operations: ClassVar = {
        "post": Operation(
            name="CreateAccountAccessConsents",
            summary="Ask for access to a customer's accounts",
            request="AccountAccessConsent",
            response="AccountAccessConsentResponse",
            status=201,
            **_COMMON,
        )
    }

    def post(self, request: Request) -> HttpResponse:
        now = clock.now()
        body = read_json_object(request)
        ensure_valid(body, schema="AccountAccessConsent", version=self.version)
        terms = read_account_access(body, now=now)
        consent = services.lodge_account_access(
            caller=caller_of(request),
            face="uk",
            face_version=self.version.name,
            lodged=body,
            permissions=terms.permissions,
            expires_at=terms.expires_at,
            transactions_from=terms.transactions_from,
            transactions_to=terms.transactions_to,
            now=now,
        )
        return _answer(consent, path=f"{request.path}/{consent.id.hex}", status=201)


class AccountAccessConsent(Endpoint):
    """``GET`` and ``DELETE /account-access-consents/{ConsentId}``."""

    operations: ClassVar = {
        "get": Operation(
            name="GetAccountAccessConsentsConsentId",
            summary="Read the request and where it stands",
            response="AccountAccessConsentResponse",
            names_resource=True,
            **_COMMON,
        ),
        "delete": Operation(
            name="DeleteAccountAccessConsentsConsentId",
            summary="Give the access back",
            status=204,
            names_resource=True,
            **_COMMON,
        ),
    }

    def get(self, request: Request, consent_id: UUID) -> HttpResponse:
        return _answer(self._consent(request, consent_id), path=request.path)

    def delete(self, request: Request, consent_id: UUID) -> HttpResponse:
        services.end_consent(
            consent_id=self._consent(request, consent_id).id,
            reason="Deleted by the third party.",
            ended_by=EndedBy.THIRD_PARTY,
            now=clock.now(),
        )
        return empty_answer()

    def _consent(self, request: Request, consent_id: UUID) -> "Consent":
        return selectors.get_consent_for_third_party(
            caller=caller_of(request), consent_id=consent_id, kind=ConsentKind.ACCOUNT_ACCESS
        )


def _answer(consent: "Consent", *, path: str, status: int = 200) -> HttpResponse:
    return resource_answer(consent_body(consent, now=clock.now()), self_path=path, status=status)
