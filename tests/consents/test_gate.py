"""The gate: every reason, one statement, few buffers, at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consents import services
from consents.access import GATE, Grant, Refusal, RefusalReason, admit, refusal_of_use
from oauth import gate
from oauth import services as oauth_services
from oauth.models import AccessToken, Client
from tests.support.builders import consents as build

pytestmark = pytest.mark.django_db

R = RefusalReason


def reason_of(token: str | None, now: datetime, scope: str = "accounts") -> RefusalReason | None:
    outcome = admit(token=token, scope=scope, now=now)
    return outcome.reason if isinstance(outcome, Refusal) else None


def test_a_live_token_of_a_live_consent_is_granted_what_the_customer_chose(now: datetime) -> None:
    granted = build.a_granted_consent(now=now, transactions_from=now - timedelta(days=90))
    grant = admit(token=granted.token, scope="accounts", now=now)
    assert isinstance(grant, Grant)
    assert grant.account_ids == {granted.account_id}
    assert grant.permissions == set(build.PERMISSIONS)
    assert (grant.consent_id, grant.customer_id) == (granted.consent.id, granted.customer.pk)
    assert grant.caller.third_party_id == granted.client.third_party_id
    assert grant.transactions_from == now - timedelta(days=90)


def test_no_token_and_an_unknown_token_are_refused(now: datetime) -> None:
    assert reason_of(None, now) == R.NO_TOKEN
    assert reason_of("", now) == R.NO_TOKEN
    assert reason_of("anything else \x00 ✓", now) == R.UNKNOWN_TOKEN


def test_an_expired_and_a_revoked_token_are_refused(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    assert reason_of(granted.token, now + timedelta(days=1)) == R.EXPIRED_TOKEN
    AccessToken.objects.update(revoked_at=now)
    assert reason_of(granted.token, now) == R.REVOKED_TOKEN


def test_suspending_the_third_party_counts_at_the_very_next_call_and_is_reversible(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    build.suspend(granted.client, now=now)
    assert reason_of(granted.token, now) == R.THIRD_PARTY_SUSPENDED
    oauth_services.reinstate_third_party(
        third_party_id=granted.client.third_party_id, reason="it was a mistake", now=now
    )
    assert reason_of(granted.token, now) is None


def test_the_wrong_scope_is_refused(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    assert reason_of(granted.token, now, scope="payments") == R.WRONG_SCOPE


def test_a_clients_own_token_reads_no_customers_data(client_of_a_third_party: Client, now: datetime) -> None:
    issued = oauth_services.issue_to_client(client=client_of_a_third_party, scope="accounts", now=now)
    assert reason_of(issued.access_token, now) == R.NO_CONSENT


def test_ending_the_consent_counts_at_the_very_next_call(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    services.end_consent(consent_id=granted.consent.id, reason="no more of it", ended_by="customer", now=now)
    assert reason_of(granted.token, now) == R.REVOKED_TOKEN
    AccessToken.objects.update(revoked_at=None)  # even were the token forgotten, the consent would decide.
    assert reason_of(granted.token, now) == R.CONSENT_NOT_AUTHORISED


def test_a_consent_expires_between_two_calls_before_and_after_the_job(now: datetime) -> None:
    end = now + timedelta(minutes=1)
    granted = build.a_granted_consent(now=now, expires_at=end)
    assert reason_of(granted.token, end - timedelta(microseconds=1)) is None
    assert reason_of(granted.token, end) == R.CONSENT_EXPIRED
    services.expire_due_consents(now=end)
    AccessToken.objects.update(revoked_at=None)
    assert reason_of(granted.token, end) == R.CONSENT_EXPIRED


def test_a_token_of_another_customer_or_third_party_never_meets_the_consent(now: datetime) -> None:
    granted, other = build.a_granted_consent(now=now), build.a_granted_consent(now=now)
    AccessToken.objects.filter(consent_id=other.consent.id).update(consent_id=granted.consent.id)
    assert reason_of(other.token, now) == R.NO_CONSENT


def test_a_used_payment_consent_still_says_whose_payment_it_was(now: datetime) -> None:
    granted = build.a_granted_consent(now=now, kind="single_payment")
    services.use_consent(consent_id=granted.consent.id, now=now)
    grant = admit(token=granted.token, scope="payments", now=now)
    assert isinstance(grant, Grant)
    assert grant.status == "used"


def test_a_missing_permission_and_a_foreign_account_are_told_apart_from_the_rest(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    other = build.a_granted_consent(now=now)
    grant = admit(token=granted.token, scope="accounts", now=now)
    assert isinstance(grant, Grant)
    any_of = frozenset({"ReadBalances"})
    assert refusal_of_use(grant, any_of=any_of, account_id=granted.account_id) is None
    assert refusal_of_use(grant, any_of=frozenset({"ReadPAN"}), account_id=None) == Refusal(R.MISSING_PERMISSION)
    assert refusal_of_use(grant, any_of=any_of, account_id=other.account_id) == Refusal(R.ACCOUNT_NOT_IN_CONSENT)


def test_success_and_every_refusal_cost_one_statement(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    for token, when in ((granted.token, now), ("unknown", now), (granted.token, now + timedelta(days=1))):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            admit(token=token, scope="accounts", now=when)
        assert len(captured) == 1


def test_the_gate_reads_fourteen_buffers_at_most(now: datetime) -> None:
    granted = [build.a_granted_consent(now=now) for _ in range(30)][17]
    parameters: dict[str, Any] = {"checksum": gate.checksum(granted.token), "now": now}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what other tests left must not decide how the tables are read.
        cursor.execute("SET LOCAL enable_seqscan = off")  # small tables would be scanned; big ones are not.
        for _ in range(2):
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {GATE}", parameters)
            plan = cursor.fetchone()[0][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 14, plan
    assert "Seq Scan" not in str(plan)


@pytest.mark.django_db(transaction=True)
def test_the_gate_is_a_prepared_statement_after_a_few_calls(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    for _ in range(10):
        admit(token=granted.token, scope="accounts", now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%WITH token AS%"])
        assert cursor.fetchone() == (1,)
