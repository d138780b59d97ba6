"""A third party with a live consent for one account, and a dispatcher to send it news."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from consents.models import Consent, ConsentAccount
from oauth.models import ThirdParty
from tests.support.builders.oauth import a_customer, a_third_party
from tests.support.dispatching import dispatch_until
from tests.support.receiver import Receiver, a_receiver

PERMISSIONS = [
    *("ReadAccountsBasic", "ReadBalances", "ReadTransactionsBasic"),
    *("ReadTransactionsCredits", "ReadTransactionsDebits"),
]


def give_consent(third_party: ThirdParty, account_id: UUID, *, now, **changes) -> Consent:
    """A customer shares this account with the third party."""
    consent = Consent.objects.create(
        **{
            "kind": "account_access",
            "status": "authorised",
            "third_party": third_party,
            "client_id": "client",
            "customer": a_customer(),
            "permissions": PERMISSIONS,
            "expires_at": now + timedelta(days=1000),
            "face": "uk",
            "face_version": "4.0",
            "lodged": {},
            "created_at": now,
            "status_updated_at": now,
            "authorised_at": now,
        }
        | changes
    )
    ConsentAccount.objects.create(consent=consent, account_id=account_id)
    return consent


def end(consent: Consent, *, now) -> None:
    """The customer takes it back."""
    Consent.objects.filter(id=consent.id).update(status="ended", ended_at=now, ended_by="customer")


@pytest.fixture
def account_id() -> UUID:
    return uuid4()


@pytest.fixture
def third_party(request, now) -> ThirdParty:
    request.getfixturevalue("transactional_db" if _is_transactional(request) else "db")
    return a_third_party(now=now)


@pytest.fixture
def consent(third_party, account_id, now) -> Consent:
    return give_consent(third_party, account_id, now=now)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiving:
        yield receiving


@pytest.fixture
def dispatch() -> Callable[..., None]:
    """Run a dispatcher until a condition holds; fails if it does not in time."""
    return dispatch_until


def _is_transactional(request) -> bool:
    marker = request.node.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction"))
