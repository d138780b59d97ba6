"""An authorisation request's way: pushed by the client, opened in the customer's browser, answered once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from oauth.credentials import checksum, new_credential
from oauth.errors import InvalidRequestUri, PushedRequestNotFound, PushedRequestOver
from oauth.events import AuthorizationGranted
from oauth.interaction import interaction
from oauth.models import Authorization, AuthorizationCode, Client, PushedRequest
from oauth.profiles import PROFILES
from oauth.requests import AuthorizationRequest
from oauth.responses import redirect_url
from oauth.states import ThirdPartyStatus
from streaming import outbox

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"  # RFC 9126 §2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The name under which the client sends its customer here, and for how long."""

    request_uri: str
    expires_in: timedelta


def push_request(*, client: Client, request: AuthorizationRequest, now: datetime) -> Pushed:
    """
    Keep a checked request; nothing of it changes afterwards.

    :raises InvalidAuthorizationDetails: if it names no consent that this client can have authorised.
    """
    consent_id = interaction().resolve(client=client, details=request.details, scopes=request.scopes, now=now)
    reference = new_credential()
    expires_in = PROFILES[client.profile].request_uri_ttl
    PushedRequest.objects.create(
        reference_checksum=checksum(reference),
        client=client,
        consent_id=consent_id,
        redirect_uri=request.redirect_uri,
        scope=" ".join(sorted(request.scopes)),
        details=[dict(element) for element in request.details],
        state=request.state,
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        created_at=now,
        expires_at=now + expires_in,
    )
    return Pushed(request_uri=REQUEST_URI_PREFIX + reference, expires_in=expires_in)


@transaction.atomic
def open_request(*, client_id: str, request_uri: str, now: datetime) -> UUID:
    """
    Note that the customer's browser has come with a request, and return the id of its screens.

    It may come again, until the request is answered; the time to answer begins at the first opening.

    :raises InvalidRequestUri: if it is not this client's, was answered, has expired, or the third
        party is not active; it is the same answer for all.
    """
    request = (
        PushedRequest.objects.select_for_update(of=("self",))
        .select_related("client__third_party")
        .filter(reference_checksum=checksum(request_uri.removeprefix(REQUEST_URI_PREFIX)))
        .first()
    )
    if (
        request is None
        or request.client_id != client_id
        or not request.is_open(now)
        or request.client.third_party.status != ThirdPartyStatus.ACTIVE
    ):
        raise InvalidRequestUri
    if request.opened_at is None:
        request.opened_at = now
        request.expires_at = now + PROFILES[request.client.profile].answer_ttl
        request.save(update_fields=["opened_at", "expires_at"])
    return request.id


@transaction.atomic
def approve_request(*, request_id: UUID, user_id: UUID, acr: str, auth_time: datetime, now: datetime) -> str:
    """
    Use the request up by the customer's yes; returns the address, with a code, that leads back to the client.

    What is authorised is what was pushed. Called inside the transaction that authorises the consent.

    :raises PushedRequestNotFound: if there is no such request.
    :raises PushedRequestOver: if it was answered, its time is over, or the third party is not active.
    """
    request = _consume(request_id, now)
    if request.client.third_party.status != ThirdPartyStatus.ACTIVE:
        raise PushedRequestOver(request_id=str(request_id))
    authorization = Authorization.objects.create(
        client=request.client,
        user_id=user_id,
        consent_id=request.consent_id,
        scope=request.scope,
        details=request.details,
        acr=acr,
        auth_time=auth_time,
        created_at=now,
    )
    code = new_credential()
    AuthorizationCode.objects.create(
        code_checksum=checksum(code),
        authorization=authorization,
        application=request.client,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        nonce=request.nonce,
        dpop_jkt=request.dpop_jkt,
        expires=now + PROFILES[request.client.profile].code_ttl,
        created=now,
    )
    outbox.record(
        AuthorizationGranted(
            occurred_at=now,
            authorization_id=authorization.id,
            third_party_id=request.client.third_party_id,
            client_id=request.client_id,
            customer_id=user_id,
            consent_id=request.consent_id,
            scope=request.scope,
        )
    )
    return redirect_url(request, code=code)


@transaction.atomic
def refuse_request(*, request_id: UUID, error: str, now: datetime) -> str:
    """
    Use the request up without a code; returns the address, with the error, that leads back to the client.

    ``error`` is one of RFC 6749 §4.1.2.1, such as ``access_denied``.

    :raises PushedRequestNotFound: if there is no such request.
    :raises PushedRequestOver: if it was answered, or its time is over.
    """
    return redirect_url(_consume(request_id, now), error=error)


def _consume(request_id: UUID, now: datetime) -> PushedRequest:
    request = (
        PushedRequest.objects.select_for_update(of=("self",))
        .select_related("client__third_party")
        .filter(pk=request_id)
        .first()
    )
    if request is None:
        raise PushedRequestNotFound
    if not request.is_open(now):
        raise PushedRequestOver(request_id=str(request_id))
    request.consumed_at = now
    request.save(update_fields=["consumed_at"])
    return request
