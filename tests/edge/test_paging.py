"""A cursor fits only where it was issued."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.paging import InvalidCursor, decode_cursor, encode_cursor

POSITION = ("after", "2026-11-01T09:00:00+00:00", "0" * 32)
SCOPE = ("consent", "account", "2026-01-01", "")


def test_a_cursor_gives_back_its_position():
    assert decode_cursor(encode_cursor(POSITION, scope=SCOPE), scope=SCOPE) == POSITION


def test_a_cursor_is_safe_in_a_url():
    assert set(encode_cursor(POSITION, scope=SCOPE)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@pytest.mark.parametrize("place", range(len(SCOPE)))
def test_a_cursor_of_another_consent_account_or_filter_is_refused(place):
    other = tuple("other" if n == place else part for n, part in enumerate(SCOPE))

    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor(POSITION, scope=SCOPE), scope=other)


def test_parts_of_the_scope_do_not_run_into_each_other():
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor(POSITION, scope=("ab", "c")), scope=("a", "bc"))


def test_every_altered_character_is_noticed():
    cursor = encode_cursor(POSITION, scope=SCOPE)
    for n, character in enumerate(cursor[:-1]):
        altered = cursor[:n] + ("A" if character != "A" else "B") + cursor[n + 1 :]
        with pytest.raises(InvalidCursor):
            decode_cursor(altered, scope=SCOPE)


@given(st.text(max_size=600))
def test_no_text_whatsoever_raises_anything_but_the_refusal(text):
    with pytest.raises(InvalidCursor):
        decode_cursor(text, scope=SCOPE)


def test_a_cursor_signed_before_the_key_was_rotated_still_works(settings):
    cursor = encode_cursor(POSITION, scope=SCOPE)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "x" * 60

    assert decode_cursor(cursor, scope=SCOPE) == POSITION
