"""Customers are who the bank says; staff see what their groups see."""

import pytest

from oauth.errors import UsernameTaken
from oauth.services import get_or_create_customer, put_staff_member
from tests.support.builders.oauth import a_customer, a_member_of_staff

pytestmark = pytest.mark.django_db


def test_a_customer_is_one_user_whatever_the_bank_calls_them():
    first = a_customer(full_name="Ada Fairweather")
    again = a_customer(party_id=first.party_id, full_name="Ada Summers")
    assert first.pk == again.pk
    assert again.full_name == "Ada Summers"


def test_a_customer_has_no_password_here():
    customer = a_customer()
    assert not customer.has_usable_password()
    assert not customer.check_password("")


def test_a_customer_and_a_member_of_staff_may_have_the_same_name():
    staff = a_member_of_staff(username="ada")
    customer = a_customer(username="ada")
    assert staff.pk != customer.pk


def test_putting_staff_again_replaces_name_password_and_groups():
    put_staff_member(username="sam", full_name="Sam", password="the first password", groups=("support", "auditor"))
    user = put_staff_member(username="sam", full_name="Samira", password="the second password", groups=("operator",))
    user.refresh_from_db()
    assert user.full_name == "Samira"
    assert user.check_password("the second password")
    assert [group.name for group in user.groups.all()] == ["operator"]


def test_a_customer_is_not_made_staff_by_name():
    customer = get_or_create_customer(party_id=a_customer().pk, username="x", full_name="X")
    with pytest.raises(UsernameTaken):
        put_staff_member(username=customer.username, full_name="X", password="p" * 12, groups=())
