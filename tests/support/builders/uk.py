"""The UK face as a third party uses it: bodies, calls, and consents that customers approved."""

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from django.test import Client as Browser

from consents.models import Consent
from kernel import clock
from oauth import services as oauth_services
from oauth.models import Client, User
from tests.support.builders import consents as consent_builders
from tests.support.builders.oauth import a_token

AISP, PISP = "/open-banking/v4.0/aisp", "/open-banking/v4.0/pisp"

ALL_BUT_PAN = [
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsDetail",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
]


def an_account_access_body(**data: Any) -> dict[str, Any]:
    """Return a request for access to accounts, without an end; ``data`` goes into ``Data``."""
    return {"Data": {"Permissions": list(ALL_BUT_PAN)} | data, "Risk": {}}


def a_payment_consent_body(**initiation: Any) -> dict[str, Any]:
    """Return a request for a payment of 10.50 GBP; ``initiation`` goes into ``Data.Initiation``."""
    return {
        "Data": {
            "Initiation": {
                "InstructionIdentification": "INSTR-1",
                "EndToEndIdentification": "E2E-1",
                "InstructedAmount": {"Amount": "10.50", "Currency": "GBP"},
                "CreditorAccount": {
                    "SchemeName": "UK.OBIE.SortCodeAccountNumber",
                    "Identification": "09012687654321",
                    "Name": "Pennine Bakery Ltd",
                },
                "RemittanceInformation": {"Unstructured": ["Invoice 7"]},
            }
            | initiation
        },
        "Risk": {"PaymentContextCode": "TransferToThirdParty"},
    }


def an_order_body(consent_id: str, consent_body: dict[str, Any]) -> dict[str, Any]:
    """Return the order that a payment consent permits."""
    return {
        "Data": {"ConsentId": consent_id, "Initiation": deepcopy(consent_body["Data"]["Initiation"])},
        "Risk": deepcopy(consent_body["Risk"]),
    }


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: ``body`` is the JSON, or ``None`` if there was no body."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None

    @property
    def faults(self) -> list[tuple[str, str | None]]:
        """Code and path of every error."""
        return [(error["ErrorCode"], error.get("Path")) for error in self.body["Errors"]]


def call(method: str, path: str, token: str | None = None, body: Any = None, **headers: str) -> Answer:
    """Call an address; names of headers are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        named["authorization"] = f"Bearer {token}"
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    content_type = named.pop("content-type", "application/json")
    got = Browser().generic(method, path, raw, content_type, headers=named)
    return Answer(status=got.status_code, headers={k.lower(): v for k, v in got.items()}, content=got.content)


@dataclass(frozen=True, kw_only=True)
class ThirdParty:
    """A third party with its client."""

    client: Client

    def own_token(self, scope: str = "accounts") -> str:
        """Return a token in the client's own name."""
        return a_token(client=self.client, scope=scope)

    def lodge_access(self, **data: Any) -> str:
        """Lodge an access request; returns the consent's id."""
        answer = call("POST", f"{AISP}/account-access-consents", self.own_token(), an_account_access_body(**data))
        assert answer.status == 201, answer.content
        return str(answer.body["Data"]["ConsentId"])

    def lodge_payment(self, body: dict[str, Any] | None = None, key: str | None = None) -> str:
        """Lodge a payment request; returns the consent's id."""
        path, token = f"{PISP}/domestic-payment-consents", self.own_token("payments")
        answer = call("POST", path, token, body or a_payment_consent_body(), x_idempotency_key=key or uuid4().hex)
        assert answer.status == 201, answer.content
        return str(answer.body["Data"]["ConsentId"])

    def approved(self, consent_id: str, customer: User, *account_ids: UUID) -> str:
        """Let the customer say yes; returns the token that comes of it."""
        now = clock.now()
        consent = Consent.objects.get(id=UUID(consent_id))
        address = consent_builders.an_answer(
            consent, client=self.client, customer=customer, account_ids=account_ids, now=now
        )
        code = parse_qs(urlsplit(address).query)["code"][0]
        issued = oauth_services.redeem_code(
            client=self.client,
            code=code,
            redirect_uri=consent_builders.REDIRECT_URI,
            code_verifier=consent_builders.VERIFIER,
            now=now,
        )
        return issued.access_token


def a_third_party(name: str = "Ledgerly") -> ThirdParty:
    """Let in a third party that calls the UK face."""
    return ThirdParty(client=consent_builders.a_client(now=clock.now(), name=name))
