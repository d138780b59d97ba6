"""Work is done while statements are waited for, and changes nothing about them."""

import pytest
from django.db import DataError, connection

from streaming.consuming.meanwhile import meanwhile

pytestmark = pytest.mark.django_db


def test_work_is_done_while_a_statement_takes_its_time_and_its_answer_comes_as_ever():
    done: list[int] = []

    def work() -> bool:
        done.append(len(done))
        return len(done) < 10

    with meanwhile(work), connection.cursor() as cursor:
        cursor.execute("SELECT 7 FROM pg_sleep(0.2)")
        assert cursor.fetchone() == (7,)

    assert done[:10] == list(range(10))


def test_what_is_sent_and_what_comes_back_may_be_large():
    text = "ab" * 2_000_000
    with meanwhile(lambda: False), connection.cursor() as cursor:
        cursor.execute("SELECT %s || 'c'", [text])
        assert cursor.fetchone() == (text + "c",)


def test_an_error_is_raised_as_ever_and_the_next_statement_works():
    with meanwhile(lambda: True), connection.cursor() as cursor:
        with pytest.raises(DataError):
            cursor.execute("SELECT 1 / (random() * 0)::int")
        cursor.execute("ROLLBACK")
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)

    with connection.cursor() as cursor:  # and without any work.
        cursor.execute("SELECT 2")
        assert cursor.fetchone() == (2,)
