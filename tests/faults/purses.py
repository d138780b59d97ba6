"""
A small business on the streams, known to real processes: purses that pass money to each other.

Each change of a purse is an event. One group adds the changes up, which shows whatever is lost or applied twice, and
notes the order in which they came; a second one answers each change with a receipt, a third one files those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from streaming import outbox, topics
from streaming.consumers import Received, Reject, handles, keeps
from streaming.events import Event

PURSES = "tests.purses.v1"
RECEIPTS = "tests.receipts.v1"
PARTITIONS = 4
ADDING, PRINTING, FILING = "tests.adding", "tests.printing", "tests.filing"
TALLYING, WATCHING, SUMMING = "tests.tallying", "tests.watching", "tests.summing"
GROUPS = (ADDING, PRINTING, FILING)

for _name in (PURSES, RECEIPTS):
    topics.declare(_name, partitions=PARTITIONS, retention_days=1, owner="tests", purpose="Money of no bank.")

TABLES = """
CREATE TABLE tests_purse (purse_id uuid PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE tests_deed (deed_id uuid PRIMARY KEY);
CREATE TABLE tests_sighting (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, purse_id uuid NOT NULL,
    version bigint NOT NULL, deed_id uuid NOT NULL, position integer NOT NULL, amount bigint NOT NULL);
CREATE TABLE tests_total (purse_id uuid PRIMARY KEY, total bigint NOT NULL);
CREATE TABLE tests_receipt (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, purse_id uuid NOT NULL,
    version bigint NOT NULL, deed_id uuid NOT NULL, position integer NOT NULL);
CREATE TABLE tests_sum (purse_id uuid PRIMARY KEY, total bigint NOT NULL);
CREATE TABLE tests_tally (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "group" text NOT NULL,
    purse_id uuid NOT NULL, version bigint NOT NULL);
"""
"""Made by the role that owns the tables; purses are the business, the rest are effects of events."""

keeps("tests_sum", group=SUMMING)

REFUSED_AMOUNT, BREAKING_AMOUNT = 666, 667


@dataclass(frozen=True, slots=True, kw_only=True)
class PurseChanged(Event):
    """Money went into a purse, or out of it."""

    name = "tests.purse.changed"
    aggregate_type = "purse"
    subject = "purse_id"
    topic = PURSES

    purse_id: UUID
    deed_id: UUID
    position: int
    """Counts the changes of one deed."""
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPrinted(Event):
    """A change of a purse is confirmed."""

    name = "tests.receipt.printed"
    aggregate_type = "receipts of a purse"
    subject = "purse_id"
    topic = RECEIPTS

    purse_id: UUID
    deed_id: UUID
    position: int
    confirmed_version: int


@handles(PurseChanged, group=ADDING)
def add_up(batch: Sequence[Received[PurseChanged]]) -> None:
    """Add each change to its purse's total, and note it: to apply one twice, or not at all, cannot stay hidden."""
    for received in batch:
        if received.event.amount == REFUSED_AMOUNT:
            raise Reject("no such amount")
        if received.event.amount == BREAKING_AMOUNT:
            raise ValueError(received.event.amount)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tests_sighting (purse_id, version, deed_id, position, amount)"
            " SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::integer[], %s::bigint[])",
            [
                [received.event.purse_id for received in batch],
                [received.version for received in batch],
                [received.event.deed_id for received in batch],
                [received.event.position for received in batch],
                [received.event.amount for received in batch],
            ],
        )
    _add("tests_total", batch)


@handles(PurseChanged, group=SUMMING)
def sum_up(batch: Sequence[Received[PurseChanged]]) -> None:
    """Add each change to its purse's sum: a view, and nothing else."""
    _add("tests_sum", batch)


@handles(PurseChanged, group=PRINTING)
def print_receipts(batch: Sequence[Received[PurseChanged]]) -> None:
    """Answer each change with an event."""
    outbox.record_many(
        [
            ReceiptPrinted(
                occurred_at=received.occurred_at,
                purse_id=received.event.purse_id,
                deed_id=received.event.deed_id,
                position=received.event.position,
                confirmed_version=received.version,
            )
            for received in batch
        ],
        causes=batch,
    )


@handles(ReceiptPrinted, group=FILING)
def file_receipts(batch: Sequence[Received[ReceiptPrinted]]) -> None:
    """Note which change each receipt confirms."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tests_receipt (purse_id, version, deed_id, position)"
            " SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::uuid[], %s::integer[])",
            [
                [received.event.purse_id for received in batch],
                [received.event.confirmed_version for received in batch],
                [received.event.deed_id for received in batch],
                [received.event.position for received in batch],
            ],
        )


@handles(PurseChanged, group=TALLYING, order="every")
def tally_every_version(batch: Sequence[Received[PurseChanged]]) -> None:
    """Note each version; the group needs all of them, from the first on."""
    _tally(TALLYING, batch)


@handles(PurseChanged, group=WATCHING, order="newest")
def watch_the_newest(batch: Sequence[Received[PurseChanged]]) -> None:
    """Note each version that was news."""
    _tally(WATCHING, batch)


def _add(table: str, batch: Sequence[Received[PurseChanged]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS t SELECT purse_id, sum(amount)"
            " FROM unnest(%s::uuid[], %s::bigint[]) AS given(purse_id, amount) GROUP BY 1 ORDER BY 1"
            " ON CONFLICT (purse_id) DO UPDATE SET total = t.total + excluded.total",
            [[received.event.purse_id for received in batch], [received.event.amount for received in batch]],
        )


def _tally(group: str, batch: Sequence[Received[PurseChanged]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO tests_tally ("group", purse_id, version) SELECT %s, * FROM unnest(%s::uuid[], %s::bigint[])',
            [group, [received.event.purse_id for received in batch], [received.version for received in batch]],
        )
