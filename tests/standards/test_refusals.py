"""Whoever may not, or sends garbage, gets the documented answer: nothing leaks, nothing breaks."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from consents import services as consent_services
from consents.access import RefusalReason
from consents.states import LIFECYCLES, ConsentStatus, EndedBy
from kernel import clock
from standards.uk.codes import CONSENT_STATUS_REASONS, CONSENT_STATUSES, REFUSALS_AT_THE_GATE
from standards.uk.operations import LedgerEntry, Token, list_operations
from tests.support.builders import consents as consent_builders
from tests.support.builders.oauth import a_token
from tests.support.builders.uk import AISP, PISP, Answer, an_account_access_body, call
from tests.support.official import ACCOUNTS, PAYMENTS, official_document

BASE = "/open-banking/v4.0"


def _operations(token: Token | None = None) -> list[Any]:
    entries = [entry for entry in list_operations() if token in {None, entry.operation.token}]
    return [pytest.param(entry, id=entry.operation.name) for entry in entries]


OPERATIONS = _operations()
INTERACTION_ID = "93bac548-d2de-4546-b106-880a5018460d"


def _address(entry: LedgerEntry) -> str:
    return "/".join(uuid4().hex if step.startswith("<") else step for step in entry.path.split("/"))


def _call(entry: LedgerEntry, token: str | None = None, **headers: str) -> Answer:
    body: dict[str, str] | None = {} if entry.operation.request else None
    return call(entry.method, _address(entry), token, body, x_idempotency_key="k", **headers)


@pytest.mark.django_db
@pytest.mark.parametrize("entry", OPERATIONS)
@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, "Bearer"),
        ("", "Bearer"),
        ("Bearer", "Bearer"),
        ("Basic YTpi", "Bearer"),
        ("Bearer garbage", 'Bearer error="invalid_token"'),
        ("Bearer " + "x" * 10_000, 'Bearer error="invalid_token"'),
        ("bearer é\x01\x7f", 'Bearer error="invalid_token"'),
    ],
)
def test_without_a_live_token_every_operation_answers_401_and_says_nothing(entry, authorization, challenge):
    headers = {} if authorization is None else {"authorization": authorization}

    answer = _call(entry, x_fapi_interaction_id=INTERACTION_ID, **headers)

    assert (answer.status, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"] == challenge
    assert answer.headers["x-fapi-interaction-id"] == INTERACTION_ID


@pytest.mark.django_db
@pytest.mark.parametrize("entry", OPERATIONS)
def test_an_expired_token_is_no_token(entry, third_party):
    expired = a_token(client=third_party.client, scope=entry.operation.scope, expires_at=clock.now())

    assert _call(entry, expired).status == 401


@pytest.mark.django_db
@pytest.mark.parametrize("entry", OPERATIONS)
def test_a_token_in_the_address_is_not_looked_at(entry, third_party):
    token = third_party.own_token(entry.operation.scope)

    assert call(entry.method, f"{_address(entry)}?access_token={token}").status == 401


@pytest.mark.django_db
@pytest.mark.parametrize("entry", OPERATIONS)
def test_a_token_of_another_scope_is_refused(entry, third_party, customer, account_id):
    other = "payments" if entry.operation.scope == "accounts" else "accounts"
    consent_id = third_party.lodge_access()
    granted = third_party.approved(consent_id, customer, account_id)
    token = third_party.own_token(other) if entry.operation.token is Token.CLIENT else granted
    if entry.operation.token is Token.CONSENT and other == "payments":
        token = a_token(client=third_party.client, customer=customer, consent_id=UUID(consent_id), scope="payments")

    answer = _call(entry, token)

    assert (answer.status, answer.faults) == (403, [("AG08", None)])
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'


@pytest.mark.django_db
@pytest.mark.parametrize("entry", _operations(Token.CONSENT))
def test_a_client_s_own_token_is_no_consent(entry, third_party):
    assert _call(entry, third_party.own_token(entry.operation.scope)).status == 401


@pytest.mark.django_db
@pytest.mark.parametrize("entry", _operations(Token.CLIENT))
def test_a_customer_s_token_does_not_serve_the_client_itself(entry, third_party, customer, account_id):
    consent_id = third_party.lodge_access()
    third_party.approved(consent_id, customer, account_id)
    token = a_token(
        client=third_party.client, customer=customer, consent_id=UUID(consent_id), scope="accounts payments"
    )

    assert _call(entry, token).status == 403


def test_a_suspended_third_party_is_refused_on_the_very_next_call(third_party, customer, account_id):
    granted, own = third_party.approved(third_party.lodge_access(), customer, account_id), third_party.own_token()
    assert call("GET", f"{AISP}/accounts", granted).status == 200

    consent_builders.suspend(third_party.client, now=clock.now())

    assert call("GET", f"{AISP}/accounts", granted).status == 401
    assert call("POST", f"{AISP}/account-access-consents", own, an_account_access_body()).status == 401


def test_a_consent_that_ran_out_is_refused_without_anybody_ending_it(third_party, customer, account_id):
    end = clock.now() + timedelta(hours=1)
    token = third_party.approved(third_party.lodge_access(ExpirationDateTime=end.isoformat()), customer, account_id)
    assert call("GET", f"{AISP}/accounts", token).status == 200

    clock.shift_by(lambda: timedelta(hours=1))
    try:
        assert call("GET", f"{AISP}/accounts", token).status == 401
    finally:
        clock.shift_by(None)


def test_a_consent_that_the_bank_ended_is_refused(third_party, customer, account_id):
    consent_id = third_party.lodge_access()
    token = third_party.approved(consent_id, customer, account_id)

    consent_services.end_consent(consent_id=UUID(consent_id), reason="Fraud.", ended_by=EndedBy.STAFF, now=clock.now())

    assert call("GET", f"{AISP}/accounts", token).status == 401


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "POST", "GET", "NONSENSE"])
@pytest.mark.parametrize("path", [f"{AISP}/accounts", f"{PISP}/domestic-payments"])
def test_a_method_that_is_not_there_answers_405_and_names_those_that_are(db, method, path):
    allowed = "GET" if path.endswith("accounts") else "POST"
    answer = call(method, path)

    if method == allowed:
        assert answer.status == 401
    else:
        assert (answer.status, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path",
    ["/", "/aisp", "/aisp/accounts/", "/aisp/products", "/aisp/accounts/1/parties", "/aisp/accounts//balances",
     "/pisp/domestic-vrps", "/cbpii/funds-confirmation-consents", "/event-subscriptions", "/aisp/%2e%2e/x", "/%00"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_not_built_answers_404_in_the_standard_s_words(db, path, method):
    answer = call(method, BASE + path, x_fapi_interaction_id=INTERACTION_ID)

    assert (answer.status, answer.faults) == (404, [("U011", None)])
    assert answer.headers["x-fapi-interaction-id"] == INTERACTION_ID


def test_everything_else_of_the_standard_is_not_built_and_says_so(db):
    names = {entry.operation.name for entry in list_operations()}
    for file, prefix in ((ACCOUNTS, AISP), (PAYMENTS, PISP)):
        for path, item in official_document(file)["paths"].items():
            address = prefix + "/".join(uuid4().hex if "{" in step else step for step in path.split("/"))
            for method, operation in item.items():
                if isinstance(operation, dict) and operation.get("operationId", "") not in names:
                    assert call(method.upper(), address).status in {404, 405}


ACCESS = f"{AISP}/account-access-consents"


@pytest.mark.parametrize(
    ("body", "status", "faults"),
    [
        (b"", 415, [("U006", "Content-Type")]),
        (b"[]", 400, [("U010", None)]),
        (b"{", 400, [("U010", None)]),
        (b"\xff", 400, [("U010", None)]),
        (b'{"Data": NaN}', 400, [("U010", None)]),
        (b'{"Data": {"a": 1, "a": 2}}', 400, [("U010", "Data.a")]),
        (b'{"Data": {"Permissions": ["\\u0000"]}, "Risk": {}}', 400, [("U010", "Data.Permissions[0]")]),
        (b'{"Data": {"Permissions": ["\\ud800"]}, "Risk": {}}', 400, [("U010", "Data.Permissions[0]")]),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400, [("U010", None)]),
        (b'{"Data": "' + b"x" * 200_000 + b'"}', 413, [("U010", None)]),
        (b'{"Data": "' + b"x" * 2_000_000 + b'"}', 413, [("U010", None)]),
        (b"{}", 400, [("U004", "Data"), ("U004", "Risk")]),
        (b'{"\\u00e9": 1, "Data": {}, "Risk": {}}', 400, [("U004", "Data.Permissions"), ("U005", "é")]),
    ],
)
def test_a_body_that_is_garbage_is_refused_with_the_documented_error(third_party, body, status, faults):
    answer = call("POST", ACCESS, third_party.own_token(), body)

    assert (answer.status, answer.faults) == (status, faults)


def test_a_huge_number_of_faults_is_cut_short(third_party):
    body = an_account_access_body(Permissions=["Nonsense"] * 9_000)

    answer = call("POST", ACCESS, third_party.own_token(), body)

    assert (answer.status, len(answer.faults)) == (400, 50)


@pytest.mark.parametrize(
    ("headers", "status", "faults"),
    [
        ({"content_type": "text/plain"}, 415, [("U006", "Content-Type")]),
        ({"content_type": "application/json; charset=latin-1"}, 415, [("U006", "Content-Type")]),
        ({"content_type": "application/jose+jwe"}, 415, [("U006", "Content-Type")]),
        ({"accept": "application/jose+jwe"}, 406, [("U006", "Accept")]),
        ({"accept": "text/html"}, 406, [("U006", "Accept")]),
        ({"x_fapi_auth_date": "yesterday"}, 400, [("U006", "x-fapi-auth-date")]),
        ({"x_fapi_auth_date": "Sun, 99 Sep 2017 99:43:31 UTC"}, 400, [("U006", "x-fapi-auth-date")]),
        ({"x_fapi_customer_ip_address": "1.2.3"}, 400, [("U006", "x-fapi-customer-ip-address")]),
    ],
)
def test_a_header_that_cannot_be_read_is_refused(third_party, headers, status, faults):
    answer = call("POST", ACCESS, third_party.own_token(), an_account_access_body(), **headers)

    assert (answer.status, answer.faults) == (status, faults)


@pytest.mark.parametrize(
    "headers",
    [
        {"x_fapi_auth_date": "Sun, 10 Sep 2017 19:43:31 UTC", "x_fapi_customer_ip_address": "104.25.212.99"},
        {"x_fapi_customer_ip_address": "2001:db8::1", "x_customer_user_agent": "Mozilla/5.0 (é)"},
        {"x_fapi_interaction_id": "not a uuid", "x_client_id": "ignored", "x_jws_signature": "ignored"},
        {"accept": "application/json; charset=utf-8", "content_type": "application/json; charset=UTF-8"},
    ],
)
def test_headers_that_the_standard_knows_are_taken(third_party, headers):
    answer = call("POST", ACCESS, third_party.own_token(), an_account_access_body(), **headers)

    assert answer.status == 201
    assert UUID(answer.headers["x-fapi-interaction-id"]).int


def test_a_bug_is_told_as_u000_without_a_word_about_itself(third_party, monkeypatch):
    def break_down(**_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("consents.selectors.get_consent_for_third_party", break_down)
    from django.test import Client

    answer = Client(raise_request_exception=False).get(
        f"{ACCESS}/{uuid4().hex}", headers={"authorization": f"Bearer {third_party.own_token()}"}
    )

    assert answer.status_code == 500
    assert answer.json()["Errors"][0]["ErrorCode"] == "U000"
    assert b"secret" not in answer.content


def test_every_reason_of_the_gate_and_every_status_of_a_consent_has_a_word():
    assert REFUSALS_AT_THE_GATE.keys() == set(RefusalReason)
    assert {kind: tuple(sorted(statuses)) for kind, statuses in CONSENT_STATUSES.items()} == {
        kind: table.states for kind, table in LIFECYCLES.items()
    }
    assert CONSENT_STATUS_REASONS.keys() == set(ConsentStatus) - {ConsentStatus.AUTHORISED}


def test_the_ledger_lists_what_the_addresses_serve():
    assert [(entry.method, entry.path) for entry in list_operations()][:2] == [
        ("POST", f"{ACCESS}"),
        ("DELETE", f"{ACCESS}/<id:consent_id>"),
    ]
    assert len(list_operations()) == 11
