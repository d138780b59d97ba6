"""A batch of records and everything that follows from it, in one transaction: all of it happens once, or not at all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from django.db import transaction

from edge.transient import is_transient
from streaming.consuming import offsets
from streaming.consuming.batch import Batch
from streaming.consuming.budget import REASON, BudgetSpent
from streaming.consuming.calling import call
from streaming.consuming.items import Item, ends_of, read_item
from streaming.consuming.offsets import Partition
from streaming.consuming.records import RawRecord, VersionMissing
from streaming.consuming.registry import Group
from streaming.consuming.versions import Aggregate, Versions, pass_over


def apply_batch(
    group: Group,
    records: Sequence[RawRecord],
    epochs: Mapping[Partition, int],
    *,
    following: Mapping[Partition, int] | None = None,
) -> dict[Partition, int]:
    """
    Read records and apply them, as :func:`apply_items` does.

    :raises OperationalError: if the database cannot do it now (:func:`.is_transient`); nothing has happened then.
    """
    return apply_items(group, [read_item(group, record) for record in records], epochs, following=following)


def apply_items(
    group: Group,
    items: Sequence[Item],
    epochs: Mapping[Partition, int],
    *,
    following: Mapping[Partition, int] | None = None,
    stopping: frozenset[Partition] = frozenset(),
) -> dict[Partition, int]:
    """
    Apply what is new among the records and store where to read on; return that, by partition.

    Records of partitions that somebody else took over meanwhile, or that were stopped, are left alone. So are those
    of partitions that do not stand where the records follow on, if ``following`` tells: the database may have lost
    the last transactions in a failover, and what lies between would be skipped for good. If the batch
    as a whole fails, its records are applied one by one, so that only those at fault become dead letters. Where too
    many are at fault, their partition is stopped behind the last one; ``stopping`` is for this function itself.

    :raises OperationalError: if the database cannot do it now (:func:`.is_transient`); nothing has happened then.
    """
    try:
        return _apply_somehow(group, items, _Claims(epochs, following), stopping)
    except BudgetSpent as spent:
        left = [item for item in items if not spent.is_behind(item.record)]
        return apply_items(group, left, epochs, following=following, stopping=stopping | {spent.partition})


def apply_record(group: Group, record: RawRecord) -> None:
    """
    Apply a record that was set aside, in the caller's transaction, as if it had just come in its turn.

    Neither the inbox (it is entered already) nor a parked key keeps it back: the caller holds the key, and gives
    its records in their order. One that was applied already, or is of a known type that the group does not handle,
    is passed over.

    :raises InvalidEvent: if it cannot be read, as before.
    :raises UnknownEventType: if the platform does not know its type, as before.
    :raises VersionMissing: if its handler wants every version, and one before it has not come.
    :raises Exception: whatever the handler raises, :class:`.Reject` among it; its effects are for the caller to undo.
    """
    item = read_item(group, record)
    if not item.is_of_concern:
        return
    if item.failure is not None:
        raise item.failure
    consumer = group.consumer
    versions = Versions(consumer, [item])
    if item.is_counted and item.received is not None:
        if versions.is_applied(item.received):
            return
        if not versions.is_due(item.received):
            raise VersionMissing(f"version {versions.next_of(item.received)} has not come")
        versions.reach(item.received)
    if item.is_handled:
        call(group, consumer, item.handler, [item])
    versions.store()


def skip_record(group: Group, record: RawRecord) -> None:
    """
    Let the records behind one that is given up go on without it, in the caller's transaction.

    Only for a handler that wants every version there is something to do: its aggregate's next version is due then.
    Of a record that cannot be read, its headers are believed if they say that it is the version that is due.
    """
    item = read_item(group, record)
    if item.is_counted and item.received is not None:
        versions = Versions(group.consumer, [item])
        versions.reach(item.received)
        versions.store()
    elif item.failure is not None:
        pass_over(group, record)


def in_turn(group: Group, records: Sequence[RawRecord]) -> Sequence[int]:
    """
    Return in which order records of one key can be applied, as places in the sequence.

    That is the order in which they came, but for those that came before an earlier version of their aggregate.
    """
    items = [read_item(group, record) for record in records]
    places: dict[Aggregate, list[int]] = defaultdict(list)
    versions: dict[int, int] = {}
    for place, item in enumerate(items):
        if item.is_counted and item.received is not None:
            places[item.received.aggregate_type, item.received.aggregate_id].append(place)
            versions[place] = item.received.version
    order = list(range(len(records)))
    for of_aggregate in places.values():
        for place, by_version in zip(of_aggregate, sorted(of_aggregate, key=versions.__getitem__), strict=True):
            order[place] = by_version
    return order


class _Claims(NamedTuple):
    """Under which epochs partitions may be read, and where each must stand, if that is known."""

    epochs: Mapping[Partition, int]
    following: Mapping[Partition, int] | None

    def hold(self, partition: Partition, stand: tuple[int, int]) -> bool:
        """Say whether a partition that stands there is still ours, and as we left it."""
        next_offset, epoch = stand
        if epoch != self.epochs.get(partition):
            return False
        return self.following is None or next_offset == self.following.get(partition)


def _apply_somehow(
    group: Group, items: Sequence[Item], claims: _Claims, stopping: frozenset[Partition]
) -> dict[Partition, int]:
    try:
        return _apply(group, items, claims, stopping, is_singly=False)
    except BudgetSpent:
        raise
    except Exception as error:  # whatever a handler raises, its partition must not stop.
        if is_transient(error):
            raise
        return _apply(group, items, claims, stopping, is_singly=True)


@transaction.atomic
def _apply(
    group: Group,
    items: Sequence[Item],
    claims: _Claims,
    stopping: frozenset[Partition],
    *,
    is_singly: bool,
) -> dict[Partition, int]:
    stands = offsets.lock(group.name, {item.partition for item in items})
    due = list(_due(items, stands, claims))
    if not due:
        return {}
    batch = Batch(group, due, stopping)
    if is_singly:
        batch.apply_singly()
    else:
        batch.apply_together()
    next_offsets = ends_of(due)
    offsets.store(group.name, next_offsets)
    for partition in stopping & next_offsets.keys():
        offsets.stop(group.name, partition, epoch=claims.epochs[partition], reason=REASON)
    return next_offsets


def _due(items: Iterable[Item], stands: Mapping[Partition, tuple[int, int]], claims: _Claims) -> Iterator[Item]:
    """Yield what nobody applied yet, of the partitions that are still ours; offsets have holes, so only compare."""
    next_offsets = {partition: stand[0] for partition, stand in stands.items() if claims.hold(partition, stand)}
    for item in items:
        partition, offset = item.partition, item.record.offset
        if partition in next_offsets and offset >= next_offsets[partition]:
            next_offsets[partition] = offset + 1
            yield item
