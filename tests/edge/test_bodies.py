"""A body is read in one way only, or refused."""

import contextlib
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from edge.bodies import (
    MAX_DEPTH,
    BodyTooLarge,
    InvalidBody,
    NotAcceptable,
    UnsupportedMediaType,
    ensure_json_accepted,
    parse_json_object,
    read_json_object,
)


def _post(body: bytes, content_type: str = "application/json", **headers: str) -> Any:
    return RequestFactory().post("/", data=body, content_type=content_type, headers=headers)


def test_a_plain_object_is_read_as_it_is():
    assert parse_json_object('{"a": [1, -2.5, "é", null, true, {"b": {}}]}'.encode()) == {
        "a": [1, -2.5, "é", None, True, {"b": {}}]
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"nothing", b"[]", b'"text"', b"1", b"null", b"{", b'{"a": 1,}', b"{'a': 1}", b'{"a": 1} {}', b"\xff\xfe{}"],
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(InvalidBody):
        parse_json_object(body)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9007199254740992", "-1" + "0" * 5000])
def test_a_number_that_readers_disagree_on_is_refused(number):
    with pytest.raises(InvalidBody):
        parse_json_object(f'{{"a": {number}}}'.encode())


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"Data": {"a": 1, "a": 1}}', "Data.a"),
        ('{"Data": [{}, {"b": 1, "b": 2}]}', "Data[1].b"),
        ('{"Data": {"a": "\\u0000"}}', "Data.a"),
        ('{"Data": ["ok", "\\ud800"]}', "Data[1]"),
        ('{"Data": {"\\ud83d": 1}}', "Data"),
    ],
)
def test_a_repeated_name_or_a_character_that_no_table_keeps_is_refused_with_its_path(body, path):
    with pytest.raises(InvalidBody) as refused:
        parse_json_object(body.encode())

    assert [field["path"] for field in refused.value.fields] == [path]


def test_an_emoji_spelled_as_two_surrogates_is_one_character():
    assert parse_json_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 5_000, 60_000])
def test_deep_nesting_is_refused_and_breaks_nothing(depth):
    body = b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    with pytest.raises(InvalidBody):
        parse_json_object(body)


def test_the_deepest_nesting_that_is_allowed_is_read():
    body = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"

    assert "a" in parse_json_object(body)


@given(st.binary(max_size=200))
def test_no_bytes_whatsoever_raise_anything_but_the_refusal(body):
    with contextlib.suppress(InvalidBody):
        assert isinstance(parse_json_object(body), dict)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_in_utf_8_is_the_content_type_that_is_read(content_type):
    assert read_json_object(_post(b"{}", content_type)) == {}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/jose+jwe", ""],
)
def test_another_content_type_is_refused(content_type):
    with pytest.raises(UnsupportedMediaType):
        read_json_object(_post(b"{}", content_type))


def test_a_compressed_body_is_refused():
    with pytest.raises(UnsupportedMediaType):
        read_json_object(_post(b"{}", **{"content-encoding": "gzip"}))


@pytest.mark.parametrize("size", [1_001, 3_000_000])
def test_a_body_that_is_too_large_is_refused(size):
    with pytest.raises(BodyTooLarge):
        read_json_object(_post(b'{"a": "' + b"x" * size + b'"}'), max_bytes=1_000)


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, application/*;q=0.5", "APPLICATION/JSON"])
def test_a_caller_that_accepts_json_is_served(accept):
    ensure_json_accepted(RequestFactory().get("/", headers={"accept": accept}))


@pytest.mark.parametrize("accept", ["text/html", "application/jose+jwe", "application/json;q=0", "", ";;;"])
def test_a_caller_that_does_not_accept_json_is_refused(accept):
    with pytest.raises(NotAcceptable):
        ensure_json_accepted(RequestFactory().get("/", headers={"accept": accept}))
