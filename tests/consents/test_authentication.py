"""What a view of customers' data answers: 401 for who asks, 403 for what is asked for."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from consents.authentication import GrantAuthentication, grant_of
from consents.permissions import Consented
from consents.refusals import GateRefused
from tests.support.builders import consents as build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


class BalancesView(APIView):
    """Stands for any view of accounts."""

    authentication_classes = (GrantAuthentication,)
    permission_classes = (Consented,)
    required_scope: ClassVar[str] = "accounts"
    required_permissions: ClassVar[tuple[str, ...]] = ("ReadBalances",)

    def get(self, request: Request, account_id: UUID | str | None = None) -> Response:
        return Response({"consent": grant_of(request).consent_id.hex})


def call(token: str | None, *, view: type[APIView] = BalancesView, **kwargs: Any) -> Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    answer: Response = view.as_view()(APIRequestFactory().get("/", headers=headers), **kwargs)
    return answer


def test_a_grant_reaches_the_view(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)
    answer = call(granted.token, account_id=granted.account_id)
    assert (answer.status_code, answer.data) == (200, {"consent": granted.consent.id.hex})
    assert call(granted.token, account_id=granted.account_id.hex).status_code == 200


def test_a_call_without_a_token_is_told_the_scheme_and_no_error(db: None) -> None:
    answer = call(None)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_an_unknown_token_is_an_invalid_token(db: None) -> None:
    answer = call("unknown")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_a_missing_permission_a_wrong_scope_and_a_foreign_account_are_forbidden(now: datetime) -> None:
    granted = build.a_granted_consent(now=now)

    class PanView(BalancesView):
        required_permissions = ("ReadPAN",)

    class PaymentsView(BalancesView):
        required_scope = "payments"

    assert call(granted.token, view=PanView).status_code == 403
    assert call(granted.token, view=PaymentsView).status_code == 403
    assert call(granted.token, account_id=uuid4()).status_code == 403
    assert call(granted.token, account_id="no id at all").status_code == 403


def test_a_face_can_read_the_reason(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[GateRefused] = []

    class Face(BalancesView):
        def handle_exception(self, exc: Exception) -> Response:
            assert isinstance(exc, GateRefused)
            seen.append(exc)
            return super().handle_exception(exc)

    call("unknown", view=Face)
    assert seen[0].refusal.reason == "unknown_token"
