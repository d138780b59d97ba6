"""``/domestic-payment-consents``: lodge and read a request for one payment."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from consents import selectors, services
from consents.states import ConsentKind
from edge.bodies import read_json_object
from edge.idempotency import hash_body
from kernel import clock
from standards.uk.domestic_payments import read_payment_terms
from standards.uk.envelopes import resource_answer
from standards.uk.headers import read_idempotency_key
from standards.uk.operations import Operation, Token
from standards.uk.resources import consent_body
from standards.uk.validation import ensure_valid
from standards.uk.views.endpoint import Endpoint, caller_of

if TYPE_CHECKING:
    from consents.models import Consent

_COMMON: dict[str, Any] = {
    "tag": "Domestic Payment Consents",
    "token": Token.CLIENT,
    "scope": "payments",
    "response": "DomesticPaymentConsentResponse",
}


class DomesticPaymentConsents(Endpoint):
    """``POST /domestic-payment-consents``."""

    operations: ClassVar = {
        "post": Operation(
            name="CreateDomesticPaymentConsents",
            summary="Ask for one payment from a customer's account",
            request="DomesticPaymentConsent",
            status=201,
            is_idempotent=True,
            **_COMMON,
        )
    }

    def post(self, request: Request) -> HttpResponse:
        now = clock.now()
        key = read_idempotency_key(request)
        body = read_json_object(request)
        ensure_valid(body, schema="DomesticPaymentConsent", version=self.version)
        consent = services.lodge_single_payment(
            caller=caller_of(request),
            face="uk",
            face_version=self.version.name,
            lodged=body,
            terms=read_payment_terms(body, now=now),
            idempotency_key=key,
            body_hash=hash_body(body),
            now=now,
        )
        return _answer(consent, path=f"{request.path}/{consent.id.hex}", status=201)


class DomesticPaymentConsent(Endpoint):
    """``GET /domestic-payment-consents/{ConsentId}``."""

    operations: ClassVar = {
        "get": Operation(
            name="GetDomesticPaymentConsentsConsentId",
            summary="Read the request and where it stands",
            names_resource=True,
            **_COMMON,
        )
    }

    def get(self, request: Request, consent_id: UUID) -> HttpResponse:
        consent = selectors.get_consent_for_third_party(
            caller=caller_of(request), consent_id=consent_id, kind=ConsentKind.SINGLE_PAYMENT
        )
        return _answer(consent, path=request.path)


def _answer(consent: "Consent", *, path: str, status: int = 200) -> HttpResponse:
    return resource_answer(consent_body(consent, now=clock.now()), self_path=path, status=status)
