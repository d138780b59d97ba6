"""Requests are read as UTF-8, whatever they say of themselves."""

import httpx
import pytest

from openbanking.wsgi import application

CHARSETS = ["rot13", "base64", "undefined", "punycode", "utf-16"]


@pytest.fixture
def http(db) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(application), base_url="http://testserver")


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("path", ["/sign-in?next=/admin/", "/oauth/authorize?client_id=a", "/webhooks/endpoints?a=b"])
def test_a_charset_that_is_none_of_text_changes_nothing(http, path, charset):
    usual = http.get(path)

    answer = http.get(path, headers={"content-type": f"text/plain; charset={charset}"})

    assert answer.status_code == usual.status_code < 500


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_form_is_read_as_utf_8_whatever_charset_it_names(http, media_type, charset):
    form = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nada\r\n--x--'

    answer = http.post("/sign-in", content=form, headers={"content-type": f"{media_type}; charset={charset}"})

    assert answer.status_code == 403  # it lacks the CSRF token, which was looked for in the form.
