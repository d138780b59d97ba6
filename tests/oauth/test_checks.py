"""``check --deploy`` names what is still missing for production, and nothing else."""

import os

import psycopg
import pytest

from oauth.checks import check_clients, check_production
from oauth.keys import key_file
from oauth.models import Client
from oauth.states import SigningAlgorithm
from tests.support.builders.oauth import a_client

pytestmark = pytest.mark.django_db


def ids(messages):
    return [message.id for message in messages]


@pytest.fixture
def production(settings, tmp_path):
    settings.SANDBOX = False
    settings.OAUTH_ISSUER = "https://bank.example"
    settings.CUSTOMER_SIGN_IN = "bank.adapters.SignIn"
    settings.OAUTH_KEYS_DIR = tmp_path
    for alg in SigningAlgorithm:
        key_file(alg).touch(mode=0o600)
    return settings


@pytest.mark.usefixtures("production")
def test_a_production_lacks_second_factor_and_sender_constraint():
    assert ids(check_production(None)) == ["oauth.E002", "oauth.E003"]


def test_without_the_banks_sign_in_customers_cannot_come(production):
    production.CUSTOMER_SIGN_IN = ""
    assert "oauth.E001" in ids(check_production(None))


def test_an_issuer_over_plain_http_is_named(production):
    production.OAUTH_ISSUER = "http://bank.example"
    assert "oauth.E004" in ids(check_production(None))


@pytest.mark.usefixtures("production")
def test_missing_and_readable_keys_are_named():
    key_file(SigningAlgorithm.ES256).unlink()
    key_file(SigningAlgorithm.PS256).chmod(0o644)
    assert ids(check_production(None)).count("oauth.E005") == 2


def test_hole_h1_sound_clients_are_not_named():
    a_client()
    assert check_clients(None) == []


def test_a_sandboxs_client_is_named_in_production(settings):
    client = a_client(redirect_uris=("http://127.0.0.1/",))
    settings.SANDBOX = False
    assert [message.msg.split()[1] for message in check_clients(None)] == [client.client_id]


@pytest.fixture
def _loosened_database():
    """A database whose owner took the constraint away, which otherwise forbids such a row."""
    rule = "client_has_something_to_authenticate_with"
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as admin:
        found = admin.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [rule])
        ((definition,),) = found.fetchall()
        admin.execute(f"ALTER TABLE oauth_client DROP CONSTRAINT {rule}")
        yield
        admin.execute(f"ALTER TABLE oauth_client ADD CONSTRAINT {rule} {definition} NOT VALID")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_loosened_database")
@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_basic", "client_secret_post"])
def test_hole_h1_a_client_with_nothing_to_show_is_named(method):
    a_client()
    Client.objects.update(token_endpoint_auth_method=method, client_jwks={}, client_secret="")
    assert ids(check_clients(None)) == ["oauth.E006"]
