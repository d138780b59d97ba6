"""Whatever a caller sends, the answer is one that the OpenAPI document describes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.checks import not_a_server_error

from standards.uk.operations import LedgerEntry, Token, list_operations
from tests.support.openapi import our_document

CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)
EXAMPLES = settings().max_examples // 10
"""Ten in an ordinary run, a hundred with ``HYPOTHESIS_PROFILE=fuzz``."""
OPERATIONS = [pytest.param(entry, id=entry.operation.name) for entry in list_operations()]


@cache
def _operation(entry: LedgerEntry) -> Any:
    schema = schemathesis.openapi.from_dict(our_document())
    schema.app = get_wsgi_application()
    return schema.find_operation_by_id(entry.operation.name)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("entry", OPERATIONS)
def test_any_request_gets_an_answer_that_is_described(entry, mode, third_party, customer, account_id):
    consent_id = third_party.lodge_access()
    granted = third_party.approved(consent_id, customer, account_id)
    payment = third_party.approved(third_party.lodge_payment(), customer, account_id)
    customers = granted if entry.operation.scope == "accounts" else payment
    token = customers if entry.operation.token is Token.CONSENT else third_party.own_token(entry.operation.scope)
    operation = _operation(entry)

    @settings(
        max_examples=EXAMPLES,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode), knows_the_account=st.booleans())
    def any_request(case: Any, knows_the_account: bool) -> None:
        if knows_the_account and "AccountId" in case.path_parameters:
            case.path_parameters["AccountId"] = account_id.hex
        case.call_and_validate(headers={"authorization": f"Bearer {token}"}, checks=CHECKS)

    with _one_connection():
        any_request()


@contextmanager
def _one_connection() -> Iterator[None]:
    """Keep the test's connection over all calls, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)
