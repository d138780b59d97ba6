"""The records of one transaction: what of them is new and due comes to its handlers, the rest is set aside or waits."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from edge.transient import is_transient
from streaming.consuming import budget, calling, inbox, letters, parking
from streaming.consuming.budget import BudgetSpent
from streaming.consuming.items import Item, Place, read_item
from streaming.consuming.letters import Letter, reason_of
from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord, Received, Reject
from streaming.consuming.registry import Group
from streaming.consuming.versions import Versions, read_missing
from streaming.models import DeadLetter, ParkedKey

ATTEMPTS = 3
"""How often a record is tried before an unforeseen exception counts as its own fault."""


KEY_IS_PARKED = "its key is parked"


class Batch:
    """
    Due records of a group, with the offsets' rows locked; used once, for one of the two ways to apply it.

    :raises BudgetSpent: by either way, if too many records of a partition are at fault that is not in ``stopping``.
    """

    def __init__(self, group: Group, items: Sequence[Item], stopping: frozenset[Partition]) -> None:
        self._group = group
        self._stopping = stopping
        self._consumer = group.consumer
        self._parked = parking.lock_parked(group.name, [item.record for item in items]) if group.by_type else {}
        self._items = self._without_duplicates([item for item in items if item.is_of_concern])
        self._versions = Versions(self._consumer, self._items)
        self._letters: list[Letter] = []
        self._failed: Counter[Partition] = Counter()

    def apply_together(self) -> None:
        """
        Give each handler as many records at once as the order within the keys allows.

        :raises Exception: whatever a handler raises: it says nothing about which record is at fault.
        """
        for handler, items in calling.batches(self._flowing()):
            calling.call(self._group, self._consumer, handler, items)
        self._finish()

    def apply_singly(self) -> None:
        """Apply each record by itself, undone if it fails; those at fault become dead letters."""
        for item in self._flowing():
            for attempt in range(1, ATTEMPTS + 1):
                error = self._try(item)
                if error is None:
                    break
                if isinstance(error, Reject) or attempt == ATTEMPTS:
                    self._set_aside(item, reason_of(error), attempts=attempt)
                    break
        self._finish()

    def _try(self, item: Item) -> Exception | None:
        try:
            with transaction.atomic():
                calling.call(self._group, self._consumer, item.handler, [item])
                connection.check_constraints()  # those that are deferred would else fail the whole batch, at its end.
        except Exception as error:  # the edge of the loop: it becomes a dead letter.
            if is_transient(error):
                raise
            return error
        return None

    def _finish(self) -> None:
        letters.write(self._group.name, self._letters)
        self._versions.store()

    def _without_duplicates(self, items: Sequence[Item]) -> Sequence[Item]:
        known = [(item, event_id) for item in items if (event_id := item.inbox_id) is not None]
        new = inbox.enter(self._consumer, [event_id for _, event_id in known])
        if len(new) == len(known):
            return items
        duplicates = {id(item) for item, _ in known} - {id(known[place][0]) for place in new}
        return [item for item in items if id(item) not in duplicates]

    def _flowing(self) -> Iterator[Item]:
        """Yield what can be applied; set aside what cannot be read, and what waits behind such a one."""
        for item in self._items:
            yield from self._flow(item)

    def _flow(self, item: Item) -> Iterator[Item]:
        if item.is_counted and item.received is not None:
            yield from self._in_turn(item, item.received)
        elif self._parked and item.place in self._parked:
            self._let_wait(item, KEY_IS_PARKED)
        elif item.failure is not None:
            self._set_aside(item, reason_of(item.failure), attempts=1)
        else:
            yield item

    def _in_turn(self, item: Item, received: Received[Any]) -> Iterator[Item]:
        """Yield an item whose aggregate has no gap before it, with what waited for it; drop one that was applied."""
        cause = self._parked.get(item.place)
        if cause == ParkedKey.Cause.POISON:
            self._let_wait(item, KEY_IS_PARKED)
        elif self._versions.is_applied(received):
            return
        elif self._versions.is_due(received):
            yield from self._count(item, received)
            if cause == ParkedKey.Cause.GAP:
                yield from self._heal(item.place)
        elif cause == ParkedKey.Cause.GAP:
            self._let_wait(item, KEY_IS_PARKED)
        else:
            yield from self._fill_gap(item, received)

    def _count(self, item: Item, received: Received[Any]) -> Iterator[Item]:
        self._versions.reach(received)
        if item.is_handled:
            yield item

    def _fill_gap(self, item: Item, received: Received[Any]) -> Iterator[Item]:
        """Yield the missing versions out of the log, and then the item; if the log lacks them, park the key."""
        since = self._versions.next_of(received)
        missing = read_missing(self._consumer, received, since=since)
        if not missing:
            self._await_version(item, since)
            return
        inbox.enter(self._consumer, [record.headers["ce_id"] for record in missing])
        for record in missing:
            yield from self._flow(read_item(self._group, record))
        yield from self._flow(item)

    def _heal(self, place: Place) -> Iterator[Item]:
        """Yield what waits behind a gap as far as it is due now; free the key if nothing is left."""
        letters.write(self._group.name, self._letters)  # so that all that waits is found in one place.
        self._letters.clear()
        waiting = [
            (letter_id, read_item(self._group, record, letter_id=letter_id))
            for letter_id, record in parking.list_waiting(self._group.name, place)
        ]
        done = []
        while self._parked[place] == ParkedKey.Cause.GAP and (n := self._first_that_may_go(waiting)) is not None:
            letter_id, item = waiting.pop(n)
            yield from self._flow_from_letter(item)
            if self._parked[place] == ParkedKey.Cause.GAP:
                done.append(letter_id)
        parking.settle(self._group.name, done)
        if self._parked[place] == ParkedKey.Cause.GAP and not waiting:
            parking.free(self._group.name, place)
            del self._parked[place]

    def _first_that_may_go(self, waiting: Sequence[tuple[int, Item]]) -> int | None:
        """Return which letter is next: the first one whose version is due, or the very first that has no versions."""
        for n, (_, item) in enumerate(waiting):
            if not item.is_counted or item.received is None:
                if n == 0:
                    return n
            elif item.received.version <= self._versions.next_of(item.received):
                return n
        return None

    def _flow_from_letter(self, item: Item) -> Iterator[Item]:
        if item.failure is not None:
            self._set_aside(item, reason_of(item.failure), attempts=1)
        elif not item.is_of_concern:
            return
        elif item.received is None or not item.is_counted:
            yield item
        elif self._versions.is_due(item.received):
            yield from self._count(item, item.received)

    def _let_wait(self, item: Item, error: str, *, cause: str = ParkedKey.Cause.POISON) -> None:
        self._letters.append(_letter(item, error, attempts=0, state=DeadLetter.State.WAITING, cause=cause))

    def _await_version(self, item: Item, version: int) -> None:
        """Let an item be the first of its key that waits for a version; without a key nothing can wait behind it."""
        error = f"version {version} has not come"
        if item.record.key is None:
            self._set_aside(item, error, attempts=1)
        else:
            self._let_wait(item, error, cause=ParkedKey.Cause.GAP)
            self._parked[item.place] = ParkedKey.Cause.GAP

    def _set_aside(self, item: Item, error: str, *, attempts: int) -> None:
        if item.is_counted and item.received is not None and item.record.key is not None:
            self._versions.fall_back(item.received)
        if item.letter_id is not None:
            parking.condemn(item.letter_id, error=error, attempts=attempts)
        else:
            self._letters.append(_letter(item, error, attempts=attempts, state=DeadLetter.State.POISON))
        if item.handler.is_parking and item.record.key is not None:
            if item.place in self._parked:
                parking.blame(self._group.name, item.place)
            self._parked[item.place] = ParkedKey.Cause.POISON
        self._spend_budget(item.record)

    def _spend_budget(self, record: RawRecord) -> None:
        partition = (record.topic, record.partition)
        if partition not in self._failed:
            self._failed[partition] = budget.count_recent(self._group.name, partition)
        self._failed[partition] += 1
        if self._failed[partition] > budget.LETTERS and partition not in self._stopping:
            raise BudgetSpent(record)


def _letter(item: Item, error: str, *, attempts: int, state: str, cause: str = ParkedKey.Cause.POISON) -> Letter:
    return Letter(
        record=item.record,
        event_id=item.event_id,
        error=error,
        attempts=attempts,
        state=state,
        parks_key=item.handler.is_parking,
        cause=cause,
    )
