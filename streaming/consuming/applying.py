"""A batch of records and everything that follows from it, in one transaction: all of it happens once, or not at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from kernel import context
from streaming.consuming import inbox, letters, offsets
from streaming.consuming.letters import Letter
from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord, Received, Reject
from streaming.consuming.registry import Group, Handler
from streaming.envelope import open_envelope
from streaming.errors import InvalidEvent, UnknownEventType
from streaming.events import is_known
from streaming.models import DeadLetter

TRANSIENT = (OperationalError, InterfaceError)
"""What passes by itself: the database is away, or ended the transaction to end a deadlock. Never the record's fault."""

ATTEMPTS = 3
"""How often a record is tried before an unforeseen exception counts as its own fault."""


def apply_batch(group: Group, records: Sequence[RawRecord], epochs: Mapping[Partition, int]) -> dict[Partition, int]:
    """
    Apply what is new among the records and store where to read on; return that, by partition.

    Records of partitions that somebody else took over meanwhile are left to them. If the batch as a whole fails,
    its records are applied one by one, so that only those at fault become dead letters.

    :raises OperationalError: if the database cannot do it now; nothing has happened then.
    """
    try:
        return _apply(group, records, epochs, is_singly=False)
    except TRANSIENT:
        raise
    except Exception:  # whatever a handler raises, its partition must not stop.
        return _apply(group, records, epochs, is_singly=True)


def apply_record(group: Group, record: RawRecord) -> None:
    """
    Apply a record that was set aside, in the caller's transaction, as if it had just come in its turn.

    Neither the inbox (it is entered already) nor a parked key keeps it back: the caller holds the key, and gives
    its records in their order. One of a known type that the group does not handle is passed over.

    :raises InvalidEvent: if it cannot be read, as before.
    :raises UnknownEventType: if the platform does not know its type, as before.
    :raises Exception: whatever the handler raises, :class:`.Reject` among it; its effects are for the caller to undo.
    """
    item = _read(group, record)
    if item is not None:
        if item.failure is not None:
            raise item.failure
        _call(group, item.handler, [item])


def skip_record(group: Group, record: RawRecord) -> None:
    """
    Let the records behind one that is given up go on without it, in the caller's transaction.

    Only for a handler that wants every version there is something to do: its aggregate's next version is due then.
    """


@transaction.atomic
def _apply(
    group: Group, records: Sequence[RawRecord], epochs: Mapping[Partition, int], *, is_singly: bool
) -> dict[Partition, int]:
    stands = offsets.lock(group.name, {(record.topic, record.partition) for record in records})
    due = list(_due(records, stands, epochs))
    if not due:
        return {}
    batch = _Batch(group, due)
    if is_singly:
        batch.apply_singly()
    else:
        batch.apply_together()
    next_offsets = {(record.topic, record.partition): record.offset + 1 for record in due}
    offsets.store(group.name, next_offsets)
    return next_offsets


def _due(
    records: Iterable[RawRecord], stands: Mapping[Partition, tuple[int, int]], epochs: Mapping[Partition, int]
) -> Iterator[RawRecord]:
    """Yield what nobody applied yet, of the partitions that are still ours; offsets have holes, so only compare."""
    next_offsets = {
        partition: next_offset for partition, (next_offset, epoch) in stands.items() if epoch == epochs.get(partition)
    }
    for record in records:
        partition = (record.topic, record.partition)
        if partition in next_offsets and record.offset >= next_offsets[partition]:
            next_offsets[partition] = record.offset + 1
            yield record


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A record on its way to its handler; ``content`` is what the handler gets, ``failure`` why it gets nothing."""

    record: RawRecord
    handler: Handler
    content: Received[Any] | RawRecord | None
    event_id: UUID | None = None
    failure: InvalidEvent | UnknownEventType | None = None

    @property
    def place(self) -> tuple[str, str | None]:
        return self.record.topic, self.record.key


class _Batch:
    """The records of one transaction."""

    def __init__(self, group: Group, records: Sequence[RawRecord]) -> None:
        self._group = group
        self._parked = set(letters.parked_keys(group.name, records)) if group.by_type else set()
        self._letters: list[Letter] = []
        self._items = self._without_duplicates([item for record in records if (item := _read(group, record))])

    def apply_together(self) -> None:
        """Give each handler as many records at once as the order within the keys allows."""
        for handler, items in _in_key_order(self._flowing()):
            _call(self._group, handler, items)
        letters.write(self._group.name, self._letters)

    def apply_singly(self) -> None:
        """Apply each record by itself, undone if it fails; those at fault become dead letters."""
        for item in self._flowing():
            for attempt in range(1, ATTEMPTS + 1):
                error = self._try(item)
                if error is None:
                    break
                if isinstance(error, Reject) or attempt == ATTEMPTS:
                    self._set_aside(item, _reason(error), attempts=attempt)
                    break
        letters.write(self._group.name, self._letters)

    def _without_duplicates(self, items: Sequence[_Item]) -> list[_Item]:
        new = inbox.enter(self._group.consumer, [item.event_id for item in items if item.event_id])
        kept = []
        for item in items:
            if item.event_id is None:
                kept.append(item)
            elif item.event_id in new:
                new.discard(item.event_id)  # a second copy in the same batch is a duplicate too.
                kept.append(item)
        return kept

    def _flowing(self) -> Iterator[_Item]:
        """Yield what can be applied; set aside what cannot be read, and what waits behind such a one."""
        for item in self._items:
            if item.place in self._parked:
                self._letters.append(_letter(item, "its key is parked", attempts=0, state=DeadLetter.State.WAITING))
            elif item.failure is not None:
                self._set_aside(item, _reason(item.failure), attempts=1)
            else:
                yield item

    def _try(self, item: _Item) -> Exception | None:
        try:
            with transaction.atomic():
                _call(self._group, item.handler, [item])
        except TRANSIENT:
            raise
        except Exception as error:  # the edge of the loop: it becomes a dead letter.
            return error
        return None

    def _set_aside(self, item: _Item, error: str, *, attempts: int) -> None:
        self._letters.append(_letter(item, error, attempts=attempts, state=DeadLetter.State.POISON))
        if item.handler.is_parking and item.record.key is not None:
            self._parked.add((item.record.topic, item.record.key))


def _read(group: Group, record: RawRecord) -> _Item | None:
    """Return the record with its handler; nothing for a known type that is another group's concern."""
    if raw_handler := group.by_raw_topic.get(record.topic):
        return _Item(record=record, handler=raw_handler, content=record)
    type_name = record.headers.get("ce_type", "")
    handler = group.by_type.get(type_name)
    if handler is None and is_known(type_name):
        return None
    try:
        received = open_envelope(record)
    except (InvalidEvent, UnknownEventType) as failure:
        return _Item(
            record=record, handler=handler or _NOBODY, content=None, event_id=_event_id(record), failure=failure
        )
    assert handler is not None, "only known types can be opened"
    return _Item(record=record, handler=handler, content=received, event_id=received.event_id)


def _call(group: Group, handler: Handler, items: Sequence[_Item]) -> None:
    contents: list[Any] = [item.content for item in items]
    if handler.order == "newest":
        contents = inbox.newest_only(group.consumer, contents)
    if contents:
        with _acting_for(group, contents):
            handler.apply(contents)


def _nothing(_batch: Sequence[Any]) -> None:
    raise AssertionError("a record that nobody handles is never applied")


_NOBODY = Handler(apply=_nothing)


def _in_key_order(items: Iterable[_Item]) -> Iterator[tuple[Handler, list[_Item]]]:
    """
    Yield batches for the handlers, as large as possible, with the records of each key in their order.

    A record waits for the next round where its key's last one went to another handler.
    """
    rounds: list[dict[int, tuple[Handler, list[_Item]]]] = []
    last_of_key: dict[tuple[str, str | None], tuple[int, Handler]] = {}
    for item in items:
        number, handler = last_of_key.get(item.place, (0, item.handler))
        if handler is not item.handler:
            number += 1
        last_of_key[item.place] = (number, item.handler)
        if number == len(rounds):
            rounds.append({})
        rounds[number].setdefault(id(item.handler), (item.handler, []))[1].append(item)
    for each in rounds:
        yield from each.values()


def _acting_for(group: Group, contents: Sequence[Any]) -> AbstractContextManager[Any]:
    """Outputs of a single event are known to come from it; those of a batch are told apart by ``causes``."""
    actor = f"system:{group.name}"
    if len(contents) == 1 and isinstance(contents[0], Received):
        (received,) = contents
        return context.acting(
            actor=actor,
            correlation_id=received.correlation_id,
            causation_id=received.event_id,
            traceparent=received.traceparent,
        )
    return context.acting(actor=actor, correlation_id=None, causation_id=None, traceparent=None)


def _letter(item: _Item, error: str, *, attempts: int, state: str) -> Letter:
    return Letter(
        record=item.record,
        event_id=item.event_id,
        error=error,
        attempts=attempts,
        state=state,
        parks_key=item.handler.is_parking,
    )


def _reason(error: Exception) -> str:
    """Say what is wrong without repeating what the record holds: only our own refusals are written in full."""
    if isinstance(error, Reject | InvalidEvent | UnknownEventType):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__


def _event_id(record: RawRecord) -> UUID | None:
    try:
        return UUID(record.headers["ce_id"])
    except (KeyError, ValueError):
        return None
