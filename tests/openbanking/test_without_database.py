"""While the database is away, everybody is asked to come again, in the words of the face they use."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from openbanking.services.ports import keep_or_choose

pytestmark = pytest.mark.django_db(transaction=True)

REQUEST_URI = "urn:ietf:params:oauth:request_uri:of-nobody"
BEARER = {"authorization": "Bearer of-nobody"}


@pytest.fixture
def client() -> Client:
    """A caller that gets the answers that the web server would give."""
    return Client(raise_request_exception=False)


@pytest.fixture
def without_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database's address leads nowhere."""
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", str(keep_or_choose(None)))
        yield
    connection.close()


@pytest.mark.usefixtures("without_database")
def test_the_uk_face_answers_503_with_its_own_error_body(client):
    answer = client.get("/open-banking/v4.0/aisp/accounts", headers=BEARER)

    assert_asked_to_come_again(answer)
    assert answer.json()["Errors"][0]["ErrorCode"] == "U000"
    assert b"127.0.0.1" not in answer.content


@pytest.mark.usefixtures("without_database")
def test_the_houses_own_apis_answer_503_with_problem_details(client):
    answer = client.post("/webhooks/endpoints", b"{}", content_type="application/json", headers=BEARER)

    assert_asked_to_come_again(answer)
    assert answer.json()["code"] == "unavailable"
    assert b"127.0.0.1" not in answer.content


@pytest.mark.usefixtures("without_database")
@pytest.mark.parametrize("path", ["/connected-apps", f"/oauth/authorize?client_id=x&request_uri={REQUEST_URI}"])
def test_a_page_says_so_with_503(client, path):
    client.cookies[settings.SESSION_COOKIE_NAME] = "of-nobody"
    answer = client.get(path)

    assert_asked_to_come_again(answer)
    assert "at the moment" in answer.content.decode()


def assert_asked_to_come_again(answer: Any) -> None:
    assert answer.status_code == 503, answer.content
    assert answer.headers["retry-after"] == "5"
