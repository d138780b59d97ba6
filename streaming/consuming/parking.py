"""Keys whose records wait: held while a batch lasts, and freed when what they waited for has come."""

from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models.functions import Now

from streaming.consuming.items import Place
from streaming.consuming.letters import record_in
from streaming.consuming.records import RawRecord
from streaming.models import DeadLetter, ParkedKey


def lock_parked(group: str, records: Iterable[RawRecord]) -> dict[Place, str]:
    """
    Return which of the records' keys are parked, and why; they are held until the transaction ends.

    While somebody else frees one, this waits: a record that comes meanwhile is then no longer set aside behind a
    key that waits for nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IS_ANY_PARKED, [group])
        if not cursor.fetchone()[0]:  # nobody else parks keys of the partitions that we hold.
            return {}
        places = sorted({(record.topic, record.key) for record in records if record.key is not None})
        cursor.execute(_LOCK, [[topic for topic, _ in places], [key for _, key in places], group])
        return {(topic, key): cause for topic, key, cause in cursor.fetchall()}


def list_waiting(group: str, place: Place) -> Sequence[tuple[int, RawRecord]]:
    """Return the letters that wait behind a parked key, in the order in which they came: id and record."""
    topic, key = place
    letters = DeadLetter.objects.filter(group=group, topic=topic, key=key, state=DeadLetter.State.WAITING)
    return [(letter.id, record_in(letter)) for letter in letters.order_by("id")]


def settle(group: str, letter_ids: Sequence[int]) -> None:
    """Note of letters that they were applied after all, by the group itself."""
    DeadLetter.objects.filter(id__in=letter_ids).update(
        state=DeadLetter.State.REDRIVEN, resolved_by=f"system:{group}", resolved_at=Now()
    )


def condemn(letter_id: int, *, error: str, attempts: int) -> None:
    """Note of a letter that only waited that it cannot be applied itself."""
    DeadLetter.objects.filter(id=letter_id).update(
        state=DeadLetter.State.POISON, error=error, attempts=attempts, created_at=Now()
    )


def blame(group: str, place: Place) -> None:
    """Note of a parked key that it no longer waits for a version, but for people."""
    topic, key = place
    ParkedKey.objects.filter(group=group, topic=topic, key=key).update(cause=ParkedKey.Cause.POISON)


def free(group: str, place: Place) -> None:
    """Let the records of a key flow again."""
    topic, key = place
    ParkedKey.objects.filter(group=group, topic=topic, key=key).delete()


_IS_ANY_PARKED = 'SELECT EXISTS (SELECT FROM streaming_parked_key WHERE "group" = %s)'

_LOCK = """
SELECT topic, key, cause FROM streaming_parked_key
JOIN unnest(%s::text[], %s::text[]) AS given(topic, key) USING (topic, key)
WHERE "group" = %s
ORDER BY topic, key FOR UPDATE OF streaming_parked_key
"""
