"""The house's own APIs tell refusals as problem details (RFC 9457)."""

import json

from django.http import Http404, HttpResponse
from rest_framework.exceptions import NotAuthenticated, Throttled

from edge.bodies import InvalidBody
from edge.idempotency import KeyReused
from edge.problems import answer_problem, problem


def _answer(error: Exception) -> HttpResponse:
    answer = answer_problem(error, None)
    assert answer is not None
    return answer


def test_a_problem_says_what_it_is_to_programs_and_people():
    answer = problem(422, code="key_reused", detail="Used before.", errors=[{"path": "url", "detail": "Not an URL."}])

    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.content) == {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "key_reused",
        "detail": "Used before.",
        "errors": [{"path": "url", "detail": "Not an URL."}],
    }


def test_a_refusal_of_a_room_is_told_by_its_code_without_its_private_context():
    answer = _answer(KeyReused(operation="secret-operation"))

    assert answer.status_code == 422
    assert json.loads(answer.content)["code"] == "idempotency_key_reused"
    assert b"secret-operation" not in answer.content


def test_the_fields_at_fault_are_listed():
    answer = _answer(InvalidBody(fields=[{"path": "a.b", "detail": "Twice."}]))

    assert json.loads(answer.content)["errors"] == [{"path": "a.b", "detail": "Twice."}]


def test_rest_framework_s_refusals_keep_their_headers():
    unauthenticated = NotAuthenticated()
    setattr(unauthenticated, "auth_header", "Bearer")  # noqa: B010 - REST framework does so.

    assert _answer(unauthenticated).headers["www-authenticate"] == "Bearer"
    assert _answer(Throttled(wait=1.2)).headers["retry-after"] == "2"
    assert _answer(Http404()).status_code == 404


def test_what_nobody_anticipated_is_left_to_django():
    assert answer_problem(ZeroDivisionError(), None) is None
