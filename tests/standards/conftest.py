"""A third party, a customer with an account, and what the customer approved."""

from uuid import UUID

import pytest

from oauth.models import User
from tests.support.builders.accounts import an_account
from tests.support.builders.consents import a_customer
from tests.support.builders.uk import ThirdParty, a_third_party


@pytest.fixture
def third_party(db: None) -> ThirdParty:
    return a_third_party()


@pytest.fixture
def stranger(db: None) -> ThirdParty:
    """Another third party."""
    return a_third_party("Elsewhere Ltd")


@pytest.fixture
def customer(db: None) -> User:
    return a_customer()


@pytest.fixture
def account_id(customer: User) -> UUID:
    return an_account(party_id=customer.party_id)
