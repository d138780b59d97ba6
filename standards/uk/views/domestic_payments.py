"""``/domestic-payments``: make the payment that a customer approved, and read where it stands."""

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.selectors import get_debtor_account
from consents.access import Grant
from consents.authentication import grant_of
from consents.selectors import get_consent_for_third_party
from consents.states import ConsentKind
from edge import idempotency
from edge.bodies import read_json_object
from kernel import clock
from oauth.access import Caller
from payments import selectors, services
from standards.uk.codes import ErrorCode
from standards.uk.domestic_payments import ensure_as_consented
from standards.uk.envelopes import resource_answer
from standards.uk.errors import Fault, Refused
from standards.uk.headers import read_idempotency_key
from standards.uk.identifiers import read_id
from standards.uk.operations import Operation, Token
from standards.uk.resources import payment_body
from standards.uk.validation import ensure_valid
from standards.uk.views.endpoint import Endpoint, caller_of

if TYPE_CHECKING:
    from consents.models import Consent
    from payments.models import Payment

_COMMON: dict[str, Any] = {
    "tag": "Domestic Payments",
    "scope": "payments",
    "response": "DomesticPaymentResponse",
}


class DomesticPayments(Endpoint):
    """``POST /domestic-payments``."""

    operations: ClassVar = {
        "post": Operation(
            name="CreateDomesticPayments",
            summary="Make the payment that the customer approved",
            token=Token.CONSENT,
            request="DomesticPayment",
            status=201,
            is_idempotent=True,
            **_COMMON,
        )
    }

    def post(self, request: Request) -> HttpResponse:
        grant = grant_of(request)
        key = read_idempotency_key(request)
        body = read_json_object(request)
        ensure_valid(body, schema="DomesticPayment", version=self.version)
        body_hash = idempotency.hash_body(body)
        _ensure_key_is_free(grant, key, body_hash)
        consent = _ensure_order_is_of(grant, body)
        payment = services.submit_payment(
            grant=grant, lodged=body, idempotency_key=key, body_hash=body_hash, now=clock.now()
        )
        return _answer(payment, consent, path=f"{request.path}/{payment.id.hex}", status=201)


class DomesticPayment(Endpoint):
    """``GET /domestic-payments/{DomesticPaymentId}``."""

    operations: ClassVar = {
        "get": Operation(
            name="GetDomesticPaymentsDomesticPaymentId",
            summary="Read a payment and where it stands",
            token=Token.CLIENT,
            names_resource=True,
            **_COMMON,
        )
    }

    def get(self, request: Request, payment_id: UUID) -> HttpResponse:
        caller = caller_of(request)
        payment = selectors.get_payment(caller=caller, payment_id=payment_id)
        return _answer(payment, _consent(caller, payment.consent_id), path=request.path)


def _ensure_key_is_free(grant: Grant, key: str, body_hash: bytes) -> None:
    """
    Refuse a key that served another body before the order is compared with the consent: what it is, comes first.

    :raises KeyReused: if so.
    """
    idempotency.recall(
        third_party_id=grant.caller.third_party_id, operation=services.OPERATION, key=key, body_hash=body_hash
    )


def _ensure_order_is_of(grant: Grant, body: dict[str, Any]) -> "Consent":
    """
    Refuse an order that is not the one the customer approved (RTS Art. 5, dynamic linking); returns the consent.

    :raises Refused: with the path of the first difference.
    """
    if read_id(body["Data"]["ConsentId"]) != grant.consent_id:
        sentence = "The token was not given for this consent."
        raise Refused(Fault(ErrorCode.CONSENT_MISMATCH, sentence, "Data.ConsentId"))
    consent = _consent(grant.caller, grant.consent_id)
    ensure_as_consented(body, consent.lodged)
    return consent


def _consent(caller: Caller, consent_id: UUID) -> "Consent":
    return get_consent_for_third_party(caller=caller, consent_id=consent_id, kind=ConsentKind.SINGLE_PAYMENT)


def _answer(payment: "Payment", consent: "Consent", *, path: str, status: int = 200) -> HttpResponse:
    is_refund_asked = consent.lodged["Data"].get("ReadRefundAccount") == "Yes"
    refund_to = get_debtor_account(account_id=payment.debtor_account_id) if is_refund_asked else None
    return resource_answer(payment_body(payment, refund_to=refund_to), self_path=path, status=status)
