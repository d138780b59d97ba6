"""The application's clock is aware, UTC, and may be shifted by the sandbox only through one door."""

from datetime import UTC, datetime, timedelta

from kernel import clock


def test_time_is_aware_and_utc():
    assert clock.now().tzinfo is UTC


def test_the_offset_is_read_anew_at_every_call():
    days = iter([1, 2])
    clock.shift_by(lambda: timedelta(days=next(days)))
    try:
        first, second = clock.now(), clock.now()
    finally:
        clock.shift_by(None)

    assert second - first > timedelta(hours=23)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
