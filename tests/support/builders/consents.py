"""Consents for tests, made the way they are made in life: lodged, pushed, answered."""

from base64 import urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from bankcore.ports import SignedIn
from consents import selectors, services
from consents.linking import shown_mark
from consents.models import Consent
from consents.ports import AccountChoice
from consents.services import PaymentTermsInput
from consents.states import ConsentKind
from kernel import jose
from kernel.money import Money
from oauth import services as oauth_services
from oauth.access import Caller
from oauth.models import Client, User
from oauth.requests import AuthorizationRequest

REDIRECT_URI = "http://127.0.0.1:9999/callback"
VERIFIER = "a-verifier-that-is-long-enough-for-the-standard-0123456789"
PERMISSIONS = ("ReadAccountsDetail", "ReadBalances", "ReadTransactionsCredits", "ReadTransactionsDetail")
ACR = "urn:openbanking:psd2:sca"


class FakeSignIn:
    """A ``CustomerSignIn``: everybody's password is the same, and who exists is said by the test."""

    PASSWORD = "correct horse"
    known: dict[str, str] = {}

    def authenticate(self, *, username: str, secret: str, now: datetime) -> SignedIn | None:
        if username not in self.known or secret != self.PASSWORD:
            return None
        return SignedIn(customer_reference=username, full_name=self.known[username], acr=ACR, auth_time=now)


class FakeDirectory:
    """An ``AccountDirectory`` of what :meth:`give` was told; named by ``settings.ACCOUNT_DIRECTORY``."""

    accounts: dict[UUID, tuple[UUID, AccountChoice]] = {}

    @classmethod
    def give(cls, customer_id: UUID, **changes: Any) -> UUID:
        """Give a customer an account; returns its id."""
        account = replace(an_account_choice(), **changes)
        cls.accounts[account.account_id] = (customer_id, account)
        return account.account_id

    def choices(self, *, customer_id: UUID) -> Sequence[AccountChoice]:
        return [account for owner, account in self.accounts.values() if owner == customer_id]

    def owned(self, *, customer_id: UUID, account_ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(one.account_id for one in self.choices(customer_id=customer_id)) & frozenset(account_ids)

    def describe(self, *, account_ids: Collection[UUID]) -> Sequence[AccountChoice]:
        return [account for key, (_owner, account) in self.accounts.items() if key in set(account_ids)]

    def find(self, *, sort_code: str, last_four: str) -> frozenset[UUID]:
        found = (one for _owner, one in self.accounts.values() if one.masked_number.endswith(last_four))
        return frozenset(one.account_id for one in found) if sort_code == "090126" else frozenset()

    def identified(self, *, scheme: str, identification: str) -> UUID | None:
        return next(iter(self.find(sort_code=identification[:6], last_four=identification[-4:])), None)


def an_account_choice() -> AccountChoice:
    """Return a current account with £1,234.56."""
    return AccountChoice(
        account_id=uuid4(),
        name="Everyday account",
        masked_number="•••• 4821",
        kind="current",
        balance=Money(123_456, "GBP"),
    )


def a_client(*, now: datetime, name: str = "Ledgerly", redirect_uri: str = REDIRECT_URI) -> Client:
    """Let in a third party with a client."""
    keys = {"keys": [jose.public_jwk(jose.generate_key("ES256"))]}
    return oauth_services.register_client(third_party_name=name, redirect_uris=[redirect_uri], jwks=keys, now=now)


def suspend(client: Client, *, now: datetime) -> None:
    """Suspend the client's third party."""
    oauth_services.suspend_third_party(third_party_id=client.third_party_id, reason="under investigation", now=now)


def a_caller(client: Client, *, scopes: Collection[str] = ("accounts", "payments")) -> Caller:
    """Return what a token in the client's own name admits it as."""
    return Caller(third_party_id=client.third_party_id, client_id=client.client_id, scopes=frozenset(scopes))


def a_customer(*, full_name: str = "Ada Marsh") -> User:
    """Make a customer of the bank."""
    party_id = uuid4()
    return oauth_services.get_or_create_customer(party_id=party_id, username=party_id.hex, full_name=full_name)


def a_lodged_account_access(*, client: Client, now: datetime, **changes: Any) -> Consent:
    """Lodge an account access that nobody answered yet."""
    asked: dict[str, Any] = {
        "caller": a_caller(client),
        "face": "uk",
        "face_version": "4.0",
        "lodged": {"Data": {"Permissions": list(PERMISSIONS)}},
        "permissions": PERMISSIONS,
        "expires_at": now + timedelta(days=90),
        "now": now,
    }
    return services.lodge_account_access(**{**asked, **changes})


def a_lodged_payment(*, client: Client, now: datetime, key: str | None = None, **changes: Any) -> Consent:
    """Lodge a payment that nobody answered yet."""
    terms: dict[str, Any] = {
        "amount_minor": 4_250,
        "currency": "GBP",
        "creditor_name": "Hollin & Sons Ltd",
        "creditor_scheme": "UK.OBIE.SortCodeAccountNumber",
        "creditor_identification": "20051742318896",
        "reference": "INV-2041",
        "end_to_end_identification": "E2E-1",
        "instruction_identification": "INS-1",
    }
    return services.lodge_single_payment(
        caller=a_caller(client),
        face="uk",
        face_version="4.0",
        lodged={"Data": {}},
        terms=PaymentTermsInput(**{**terms, **changes}),
        idempotency_key=key or uuid4().hex,
        body_hash=sha256(repr(sorted(changes.items())).encode()).digest(),
        now=now,
    )


def a_request(consent: Consent, *, client: Client, now: datetime) -> UUID:
    """Push an authorisation request for a consent, and open it; returns the id of its screens."""
    redirect_uri = client.redirect_uris.split()[0]
    scope = "accounts" if consent.kind == ConsentKind.ACCOUNT_ACCESS else "payments"
    pushed = oauth_services.push_request(
        client=client,
        request=AuthorizationRequest(
            redirect_uri=redirect_uri,
            scopes=frozenset({scope}),
            details=({"type": consent.kind, "consent_id": consent.id.hex},),
            code_challenge=urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
            state="the-state",
            nonce="",
        ),
        now=now,
    )
    return oauth_services.open_request(client_id=client.client_id, request_uri=pushed.request_uri, now=now)


def an_answer(consent: Consent, *, client: Client, customer: User, account_ids: Collection[UUID], now: datetime) -> str:
    """Let the customer say yes; returns the address back to the third party."""
    request_id = a_request(consent, client=client, now=now)
    who: dict[str, Any] = {
        "request_id": request_id,
        "customer_id": customer.pk,
        "acr": ACR,
        "auth_time": now,
        "now": now,
    }
    if consent.kind == ConsentKind.ACCOUNT_ACCESS:
        return services.authorise_account_access(**who, account_ids=account_ids)
    terms = selectors.get_requested_consent(consent_id=consent.id).terms
    shown = shown_mark(terms=terms, customer_id=customer.pk)
    (account_id,) = account_ids
    return services.authorise_single_payment(**who, account_id=account_id, shown=shown)


@dataclass(frozen=True, kw_only=True)
class Granted:
    """All of one yes: who asked, who answered, for what, and the token that came of it."""

    client: Client
    customer: User
    consent: Consent
    account_id: UUID
    token: str


def a_granted_consent(
    *, now: datetime, client: Client | None = None, kind: str = "account_access", **changes: Any
) -> Granted:
    """Go the whole way: lodged, approved, code redeemed."""
    client = client or a_client(now=now)
    customer = a_customer()
    account_id = FakeDirectory.give(customer.pk)
    lodge = a_lodged_account_access if kind == ConsentKind.ACCOUNT_ACCESS else a_lodged_payment
    consent = lodge(client=client, now=now, **changes)
    address = an_answer(consent, client=client, customer=customer, account_ids=[account_id], now=now)
    code = parse_qs(urlsplit(address).query)["code"][0]
    issued = oauth_services.redeem_code(
        client=client, code=code, redirect_uri=REDIRECT_URI, code_verifier=VERIFIER, now=now
    )
    consent.refresh_from_db()
    return Granted(client=client, customer=customer, consent=consent, account_id=account_id, token=issued.access_token)
