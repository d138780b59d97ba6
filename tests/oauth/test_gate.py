"""Attack table D: a token admits its client while all of it holds, by one statement that writes nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from kernel import clock
from oauth.access import Caller, TokenRefusal
from oauth.authentication import ClientToken, bearer_token
from oauth.gate import TOKEN_SELECT, admit_client, checksum
from oauth.models import AccessToken
from oauth.services import reinstate_third_party, suspend_third_party
from tests.oauth.conftest import authorise, lodge
from tests.support.builders.oauth import a_client, a_token

pytestmark = pytest.mark.django_db


class AccountsOnly(APIView):
    authentication_classes = (ClientToken,)
    permission_classes = ()
    required_scope = "accounts"

    def get(self, request):
        return Response({"third_party": str(request.auth.third_party_id)})


def call(authorization=None, query=""):
    headers = {"authorization": authorization} if authorization is not None else {}
    return AccountsOnly.as_view()(APIRequestFactory().get(f"/{query}", headers=headers))


def test_a_clients_own_token_admits_it(now):
    client = a_client()
    token = a_token(client=client, scope="accounts payments", now=now)
    assert admit_client(token, scope="payments", now=now) == Caller(
        third_party_id=client.third_party_id,
        client_id=client.client_id,
        scopes=frozenset({"accounts", "payments"}),
    )


def test_a_token_lives_until_its_expiry_and_not_at_it(now):
    token = a_token(now=now)
    assert isinstance(admit_client(token, scope=None, now=now + timedelta(minutes=10, microseconds=-1)), Caller)
    assert admit_client(token, scope=None, now=now + timedelta(minutes=10)) == TokenRefusal.EXPIRED_TOKEN


def test_a_revoked_token_is_refused(now):
    token = a_token(now=now)
    AccessToken.objects.update(revoked_at=now)
    assert admit_client(token, scope=None, now=now) == TokenRefusal.REVOKED_TOKEN


def test_a_suspension_holds_on_the_very_next_call_and_can_be_taken_back(now):
    client = a_client()
    token = a_token(client=client, now=now)
    suspend_third_party(third_party_id=client.third_party_id, reason="Keys leaked", now=now)
    assert admit_client(token, scope=None, now=now) == TokenRefusal.THIRD_PARTY_SUSPENDED
    reinstate_third_party(third_party_id=client.third_party_id, reason="Keys changed", now=now)
    assert isinstance(admit_client(token, scope=None, now=now), Caller)


def test_a_customers_token_is_not_the_clients_own(now):
    assert admit_client(a_token(consent_id=uuid4(), now=now), scope=None, now=now) == TokenRefusal.CUSTOMER_TOKEN


@pytest.mark.parametrize(("token", "refusal"), [(None, "no_token"), ("", "no_token"), ("x" * 10_000, "unknown_token")])
def test_no_token_and_an_unknown_one_are_told_apart(now, token, refusal):
    assert admit_client(token, scope=None, now=now) == refusal


def test_the_gate_is_one_statement_that_writes_nothing(now):
    token = a_token(now=now)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        admit_client(token, scope="accounts", now=now)
    assert [query["sql"].split()[0] for query in queries] == ["SELECT"]


def test_the_gate_reads_at_most_six_buffers(now):
    token = a_token(now=now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + TOKEN_SELECT, {"checksum": checksum(token)})
        plan = cursor.fetchone()[0][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 6


def test_row_45_without_a_token_there_is_a_challenge_and_no_error():
    for response in (call(), call(query=f"?access_token={a_token()}"), call("Basic YTpi"), call("Bearer")):
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"


def test_row_53_a_dead_or_garbage_token_is_invalid():
    now = clock.now()
    expired = a_token(now=now - timedelta(hours=1))
    for token in (expired, "garbage", "x" * 10_000, "a b", "é"):
        response = call(f"Bearer {token}")
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_row_53_an_id_token_is_no_access_token(third_party):
    push = third_party.push(lodge(third_party), scope="accounts openid")
    id_token = third_party.tokens(authorise(third_party, push), push)["id_token"]
    assert call(f"Bearer {id_token}").status_code == 401


def test_row_54_a_token_without_the_scope_is_refused():
    assert call(f"Bearer {a_token(scope='accounts')}").status_code == 200
    assert call(f"bearer {a_token(scope='accounts')}").status_code == 200
    assert call(f"Bearer {a_token(scope='payments')}").status_code == 403
    assert call(f"Bearer {a_token(scope='accounts2')}").status_code == 403
    assert call(f"Bearer {a_token(consent_id=uuid4())}").status_code == 403


@given(st.text(st.characters(min_codepoint=1, max_codepoint=255)))
def test_any_authorization_header_is_read_without_harm(header):
    request = APIRequestFactory().get("/", headers={"authorization": header})
    assert bearer_token(request) is None or header.lower().startswith("bearer ")
