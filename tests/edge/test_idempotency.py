"""The same key and body lead to the same resource, whatever happens at the same time."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from edge import idempotency
from edge.models import IdempotencyKey

THIRD_PARTY = uuid4()
BODY = idempotency.hash_body({"a": 1})


def _claim(now, **changes) -> UUID | None:
    asked: dict[str, Any] = {
        "third_party_id": THIRD_PARTY,
        "operation": "orders",
        "key": "key-1",
        "body_hash": BODY,
        "resource_id": uuid4(),
        "now": now,
    }
    with transaction.atomic():
        return idempotency.claim(**asked | changes)


@pytest.mark.django_db
def test_the_first_call_makes_the_resource_and_later_ones_get_it(now):
    made = uuid4()

    assert _claim(now, resource_id=made) is None
    assert _claim(now) == made
    assert _claim(now + timedelta(hours=23)) == made


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused_and_alters_nothing(now):
    made = uuid4()
    _claim(now, resource_id=made)

    with pytest.raises(idempotency.KeyReused):
        _claim(now, body_hash=idempotency.hash_body({"a": 2}))

    assert _claim(now) == made


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"third_party_id": uuid4()}, {"operation": "consents"}, {"key": "key-2"}])
def test_keys_of_another_third_party_operation_or_spelling_are_independent(now, change):
    _claim(now)

    assert _claim(now, **change) is None


@pytest.mark.django_db
def test_recall_looks_and_claims_nothing(now):
    asked: dict[str, Any] = {"third_party_id": THIRD_PARTY, "operation": "orders", "key": "key-1"}
    assert idempotency.recall(**asked, body_hash=BODY) is None

    made = uuid4()
    assert _claim(now, resource_id=made) is None
    assert idempotency.recall(**asked, body_hash=BODY) == made
    with pytest.raises(idempotency.KeyReused):
        idempotency.recall(**asked, body_hash=b"x" * 32)


def test_spacing_and_order_of_members_make_no_difference_to_the_hash():
    assert idempotency.hash_body({"a": 1, "b": [1, 2]}) == idempotency.hash_body({"b": [1, 2], "a": 1})
    assert idempotency.hash_body({"a": [1, 2]}) != idempotency.hash_body({"a": [2, 1]})


@pytest.mark.django_db
def test_keys_are_kept_for_two_days(now):
    _claim(now)
    _claim(now - timedelta(hours=49), key="old")

    assert idempotency.forget_old_keys(now=now) == 1
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["key-1"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first_commits", [True, False])
def test_a_call_that_comes_while_the_first_is_under_way_waits_for_it(now, first_commits):
    made, results = uuid4(), []

    def second() -> None:
        try:
            results.append(_claim(now))
        finally:
            connection.close()

    with transaction.atomic():
        assert _claim(now, resource_id=made) is None
        thread = threading.Thread(target=second)
        thread.start()
        _wait_for_a_blocked_connection()
        assert not results
        transaction.set_rollback(not first_commits)
    thread.join(timeout=10)

    assert results == [made if first_commits else None]


def _wait_for_a_blocked_connection() -> None:
    pause = threading.Event()
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        pause.wait(0.01)
    raise AssertionError("the second call did not wait")
