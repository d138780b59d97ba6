"""The portal's pages: public, plain, and strict about where script may come from."""

import re

import pytest
from django.contrib.staticfiles import finders

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/docs/api"])
def test_pages_hold_no_inline_code_and_nothing_from_elsewhere(client, path):
    answer = client.get(path)
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)


def test_everything_that_a_page_loads_is_there(client):
    page = client.get("/docs/api").content.decode()

    loaded = re.findall(r"(?:src|href)=\"/static/([^\"]+)\"", page)
    assert len(loaded) >= 5
    assert all(finders.find(path) for path in loaded)


def test_the_home_page_says_where_to_go(client):
    page = client.get("/").content.decode()

    for path in ("/docs/api", "/openapi.json", "/.well-known/openid-configuration", "/connected-apps", "/admin/"):
        assert f'href="{path}"' in page


def test_the_document_is_served_as_openapi_3_1(client):
    answer = client.get("/openapi.json")

    assert answer.status_code == 200
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    assert "/webhooks/endpoints" in document["paths"]
    assert "set-cookie" not in answer.headers


def test_the_document_tells_what_webhooks_are_sent_and_how_calls_are_refused(client):
    document = client.get("/openapi.json").json()

    assert {"endpoint.challenge", "transaction.booked", "consent.ended"} <= set(document["webhooks"])
    for path in ("/webhooks/endpoints", "/sandbox/clients"):
        assert "application/problem+json" in document["paths"][path]["post"]["responses"]["400"]["content"]
