"""What the database itself refuses, whoever writes."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from oauth.models import AccessToken, Client, ThirdParty, User
from tests.support.builders.oauth import a_client, a_customer, a_member_of_staff, a_token

pytestmark = pytest.mark.django_db


def test_hole_h1_a_client_without_key_and_secret_cannot_be_stored():
    a_client()
    with pytest.raises(IntegrityError, match="client_has_something_to_authenticate_with"):
        Client.objects.update(client_jwks={})


def test_hole_h1_a_secret_cannot_be_blank():
    a_client()
    with pytest.raises(IntegrityError, match="client_has_something_to_authenticate_with"):
        Client.objects.update(token_endpoint_auth_method="client_secret_basic")


def test_a_client_cannot_be_public():
    a_client()
    with pytest.raises(IntegrityError, match="client_is_confidential"):
        Client.objects.update(client_type="public")


def test_a_suspension_without_a_reason_cannot_be_stored():
    a_client()
    with pytest.raises(IntegrityError, match="third_party_has_a_reason_iff_not_active"):
        ThirdParty.objects.update(status="suspended")


def test_a_token_of_half_a_customer_cannot_be_stored():
    a_token()
    with pytest.raises(IntegrityError, match="access_token_is_bound_to_a_consent_or_to_nobody"):
        AccessToken.objects.update(consent_id=uuid4())


def test_a_customer_without_a_party_cannot_be_stored():
    a_customer()
    with pytest.raises(IntegrityError, match="user_has_a_party_iff_customer"):
        User.objects.update(party_id=None)


def test_a_customer_cannot_be_a_superuser():
    a_customer()
    with pytest.raises(IntegrityError, match="user_is_superuser_only_as_staff"):
        User.objects.update(is_superuser=True)


def test_only_staff_may_enter_the_staff_site():
    assert a_member_of_staff().is_staff
    assert not a_customer().is_staff


@pytest.mark.parametrize("table", ["oauth_accesstoken", "oauth_refreshtoken", "oauth_authorizationcode"])
def test_a_token_is_found_by_a_plain_unique_index_of_32_bytes(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%checksum%%'", [table])
        indexes = [row[0] for row in cursor.fetchall()]
    assert len(indexes) == 1
    assert "UNIQUE" in indexes[0]


def test_upstreams_own_tables_are_not_made():
    tables = set(connection.introspection.table_names())
    assert {table for table in tables if table.startswith("oauth2_provider_")} <= {"oauth2_provider_devicegrant"}
