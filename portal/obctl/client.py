"""A third party's client, complete: registers, lodges, pushes, exchanges, reads, pays, wants webhooks."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from kernel import jose
from portal.obctl.customer import Customer, answer_request
from portal.obctl.errors import Declined, NotReachable, ObctlError, Refused
from portal.obctl.profile import ACCOUNT_ACCESS, SINGLE_PAYMENT, Granted, Profile

AISP = "/open-banking/v4.0/aisp"
PISP = "/open-banking/v4.0/pisp"

ALGORITHM = "ES256"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

SCOPES = {ACCOUNT_ACCESS: "accounts", SINGLE_PAYMENT: "payments"}

PERMISSIONS = (
    "ReadAccountsBasic",
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsBasic",
    "ReadTransactionsDetail",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
)

_SOON_S = 10
"""A token that ends this soon is treated as ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationRequest:
    """A pushed request: send the customer to ``url``; ``state`` and ``verifier`` stay here."""

    url: str
    kind: str
    state: str
    verifier: str


class ThirdPartyClient:
    """What a third party can do at the platform, with the keys and grants of one profile."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._http = httpx.Client(base_url=profile.base_url, timeout=30, trust_env=False)
        self._metadata: dict[str, Any] | None = None
        self._own_tokens: dict[str, tuple[str, float]] = {}

    @classmethod
    def register(cls, *, base_url: str, name: str, redirect_uri: str, path: Path | None = None) -> Self:
        """
        Make a key, register a new third party in the sandbox, and keep its profile at ``path``.

        :raises ObctlError: if the platform is not there, or refuses.
        """
        key = jose.generate_key(ALGORITHM)
        with httpx.Client(base_url=base_url, timeout=30, trust_env=False) as http:
            answer = _call(
                http,
                "POST",
                "/sandbox/clients",
                json={"name": name, "redirect_uris": [redirect_uri], "jwks": {"keys": [jose.public_jwk(key)]}},
            ).json()
        profile = Profile(
            base_url=base_url,
            client_id=answer["client_id"],
            third_party_id=answer["third_party_id"],
            redirect_uri=redirect_uri,
            key=key,
            name=name,
            path=path,
        )
        profile.save()
        return cls(profile)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def metadata(self) -> dict[str, Any]:
        """The authorisation server's metadata (RFC 8414)."""
        if self._metadata is None:
            self._metadata = _call(self._http, "GET", "/.well-known/oauth-authorization-server").json()
        return self._metadata

    def lodge_account_consent(
        self, *, permissions: Sequence[str] = PERMISSIONS, expires_at: str | None = None
    ) -> Granted:
        """Lodge a consent to read accounts; ``expires_at`` is RFC 3339, none means until it is ended."""
        asked: dict[str, Any] = {"Permissions": list(permissions)}
        if expires_at is not None:
            asked["ExpirationDateTime"] = expires_at
        return self._lodge(ACCOUNT_ACCESS, f"{AISP}/account-access-consents", {"Data": asked, "Risk": {}})

    def lodge_payment_consent(
        self,
        *,
        amount: str,
        currency: str = "GBP",
        creditor_name: str = "Riverside Garden Centre",
        creditor_account: str = "20000155779911",
        reference: str = "Order 1001",
    ) -> Granted:
        """Lodge a consent to pay once: ``amount`` is a decimal string, the account sort code and number (14 digits)."""
        unique = secrets.token_hex(8)
        initiation = {
            "InstructionIdentification": f"obctl-{unique}",
            "EndToEndIdentification": f"e2e-{unique}",
            "InstructedAmount": {"Amount": amount, "Currency": currency},
            "CreditorAccount": {
                "SchemeName": "UK.OBIE.SortCodeAccountNumber",
                "Identification": creditor_account,
                "Name": creditor_name,
            },
            "RemittanceInformation": {"Unstructured": [reference]},
        }
        body = {"Data": {"Initiation": initiation}, "Risk": {"PaymentContextCode": "TransferToThirdParty"}}
        return self._lodge(SINGLE_PAYMENT, f"{PISP}/domestic-payment-consents", body)

    def push(self, granted: Granted) -> AuthorisationRequest:
        """Push an authorisation request for a lodged consent (RFC 9126, RFC 9396, RFC 7636)."""
        verifier = secrets.token_urlsafe(48)
        state = secrets.token_urlsafe(16)
        details = [{"type": granted.kind, "consent_id": granted.consent_id}]
        answer = self._post_form(
            self.metadata["pushed_authorization_request_endpoint"],
            {
                "response_type": "code",
                "redirect_uri": self.profile.redirect_uri,
                "scope": f"openid {SCOPES[granted.kind]}",
                "state": state,
                "nonce": secrets.token_urlsafe(16),
                "code_challenge": _challenge(verifier),
                "code_challenge_method": "S256",
                "authorization_details": json.dumps(details),
            },
        )
        query = urlencode({"client_id": self.profile.client_id, "request_uri": answer["request_uri"]})
        return AuthorisationRequest(
            url=f"{self.metadata['authorization_endpoint']}?{query}",
            kind=granted.kind,
            state=state,
            verifier=verifier,
        )

    def authorise(self, request: AuthorisationRequest, customer: Customer) -> str:
        """Play the customer at the bank's screens; returns the address to which the bank sent the browser back."""
        return answer_request(customer, url=request.url, redirect_uri=self.profile.redirect_uri)

    def exchange(self, request: AuthorisationRequest, callback_url: str) -> Granted:
        """
        Change the code in ``callback_url`` for tokens, and keep them.

        :raises Declined: if the answer is not a yes.
        :raises ObctlError: if it is not the answer to this request.
        """
        answer = {name: values[0] for name, values in parse_qs(urlsplit(callback_url).query).items()}
        if answer.get("iss") != self.metadata["issuer"]:  # RFC 9207 §2.4
            raise ObctlError("The answer does not come from this bank (iss differs).")
        if not secrets.compare_digest(answer.get("state", ""), request.state):
            raise ObctlError("The answer does not belong to this request (state differs).")
        if "code" not in answer:
            raise Declined(f"{answer.get('error')}: {answer.get('error_description', 'no reason given')}")
        tokens = self._post_form(
            self.metadata["token_endpoint"],
            {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": self.profile.redirect_uri,
                "code_verifier": request.verifier,
            },
        )
        return self._keep(request.kind, tokens)

    def get(self, path: str, *, kind: str | None = None) -> Any:
        """Read an address of the platform under the newest consent that fits it; refreshes the token if need be."""
        return self.call("GET", path, kind=kind).json()

    def call(self, method: str, path: str, *, kind: str | None = None, **details: Any) -> httpx.Response:
        """Call an address of the platform with the token that it needs."""
        headers = {**details.pop("headers", {}), "authorization": f"Bearer {self._token_for(path, kind)}"}
        return _call(self._http, method, path, headers=headers, **details)

    def pay(self, *, idempotency_key: str | None = None) -> dict[str, Any]:
        """
        Make the payment that the newest payment consent permits; returns the payment as the bank has it.

        :raises ObctlError: if there is no approved payment consent.
        """
        granted = self._granted(SINGLE_PAYMENT)
        answer = self.call(
            "POST",
            f"{PISP}/domestic-payments",
            kind=SINGLE_PAYMENT,
            json={
                "Data": {"ConsentId": granted.consent_id, "Initiation": granted.lodged["Data"]["Initiation"]},
                "Risk": granted.lodged["Risk"],
            },
            headers={"x-idempotency-key": idempotency_key or f"pay-{granted.consent_id}"[:40]},
        ).json()
        granted.payment_id = answer["Data"]["DomesticPaymentId"]
        self.profile.save()
        return dict(answer)

    def get_payment(self, payment_id: str) -> dict[str, Any]:
        """Ask how a payment stands."""
        return dict(self.get(f"{PISP}/domestic-payments/{payment_id}"))

    def create_webhook_endpoint(self, url: str, *, event_types: Sequence[str] = ()) -> dict[str, Any]:
        """Say where events should go; the answer holds the secret and the verification key."""
        answer = self.call("POST", "/webhooks/endpoints", json={"url": url, "event_types": list(event_types)})
        return dict(answer.json())

    def client_token(self, scope: str) -> str:
        """Return a token in the client's own name (client credentials), made anew when it ends."""
        token, expires_at_s = self._own_tokens.get(scope, ("", 0.0))
        if time.time() > expires_at_s - _SOON_S:
            answer = self._post_form(
                self.metadata["token_endpoint"], {"grant_type": "client_credentials", "scope": scope}
            )
            token = str(answer["access_token"])
            self._own_tokens[scope] = token, time.time() + float(answer["expires_in"])
        return token

    def client_assertion(self) -> str:
        """Return a signed statement of who this client is, valid for a minute (RFC 7523 §3; FAPI 2.0 §5.3.3)."""
        now_s = int(time.time())
        claims = {
            "iss": self.profile.client_id,
            "sub": self.profile.client_id,
            "aud": self.metadata["issuer"],
            "jti": secrets.token_urlsafe(16),
            "iat": now_s,
            "exp": now_s + 60,
        }
        return jose.sign(claims, key=self.profile.key, alg=self.profile.key.get("alg", ALGORITHM))

    def _lodge(self, kind: str, path: str, body: dict[str, Any]) -> Granted:
        headers = {
            "authorization": f"Bearer {self.client_token(SCOPES[kind])}",
            "x-idempotency-key": secrets.token_hex(16),
        }
        answer = _call(self._http, "POST", path, json=body, headers=headers).json()
        granted = Granted(consent_id=answer["Data"]["ConsentId"], kind=kind, lodged=body)
        self.profile.grants[kind] = granted
        self.profile.save()
        return granted

    def _token_for(self, path: str, kind: str | None) -> str:
        if kind is None and _is_own(path):
            return self.client_token("payments" if path.startswith(PISP) else "accounts")
        granted = self._granted(kind or (SINGLE_PAYMENT if path.startswith(PISP) else ACCOUNT_ACCESS))
        if time.time() > granted.expires_at_s - _SOON_S and granted.refresh_token:
            tokens = self._post_form(
                self.metadata["token_endpoint"],
                {"grant_type": "refresh_token", "refresh_token": granted.refresh_token},
            )
            granted = self._keep(granted.kind, tokens)
        return granted.access_token

    def _granted(self, kind: str) -> Granted:
        granted = self.profile.grants.get(kind)
        if granted is None or not granted.access_token:
            how = "obctl consent" if kind == ACCOUNT_ACCESS else "obctl consent --payment 12.50"
            raise ObctlError(f"No customer has said yes yet. Run `{how}` first.")
        return granted

    def _keep(self, kind: str, tokens: Mapping[str, Any]) -> Granted:
        before = self.profile.grants[kind]
        granted = replace(
            before,
            access_token=tokens["access_token"],
            refresh_token=tokens.get("refresh_token", before.refresh_token),
            expires_at_s=time.time() + float(tokens["expires_in"]),
        )
        self.profile.grants[kind] = granted
        self.profile.save()
        return granted

    def _post_form(self, url: str, fields: Mapping[str, str]) -> dict[str, Any]:
        proof = {
            "client_id": self.profile.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.client_assertion(),
        }
        return dict(_call(self._http, "POST", url, data={**fields, **proof}).json())


def _is_own(path: str) -> bool:
    """Say whether a path is called in the client's own name: consents, payments' statuses, webhooks."""
    return path.startswith(("/webhooks/", f"{AISP}/account-access-consents", f"{PISP}/domestic-payment"))


def _call(http: httpx.Client, method: str, url: str, **details: Any) -> httpx.Response:
    try:
        response = http.request(method, url, **details)
    except httpx.TransportError as error:
        raise NotReachable(f"Nothing answers at {http.base_url}. Does the platform run there?") from error
    if response.is_success:
        return response
    raise Refused(_explain(method, response), status=response.status_code, body=response.text)


def _explain(method: str, response: httpx.Response) -> str:
    """Say what was refused, why, and under which id the bank can find the call."""
    said = response.text.strip() or response.headers.get("www-authenticate", "")
    interaction_id = response.headers.get("x-fapi-interaction-id", "none")
    return (
        f"{method} {response.url.path} was answered {response.status_code}: {said}\n(interaction id {interaction_id})"
    )


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
