"""Ships the core's change log to Kafka: in its order, at least once, one shipper at a time."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings

from bankcore.events import PAYMENT_STATUS_TOPIC
from bankcore.simulator import change_log
from bankcore.simulator.calendars import unpack_date
from bankcore.simulator.database import core_file, read_control, reading, write_control, writing
from streaming.kafka import new_producer
from streaming.topics import topic_name

_CHUNK = 2000
_ANSWER_WITHIN_S = 5.0
_TAKE_WITHIN_S = 30.0


class BrokerUnreachable(Exception):
    """The broker does not take records now; the change log keeps them."""


class Capture:
    """One process's line to the broker; made anew after it broke, so that nothing old can be sent late."""

    def __init__(self, core: sqlite3.Connection) -> None:
        """Connect lazily: the broker is asked at the first shipment."""
        self._core = core
        self._producer: Producer | None = None
        self._failure: KafkaError | None = None
        self.shipped = 0
        """How many records the broker has taken from this process."""

    def ship(self) -> int:
        """
        Ship all that the log holds and return how many records that were.

        :raises BrokerUnreachable: if the broker did not take all of it; what it did not surely take stays.
        """
        before = self.shipped
        with _only_shipper():
            try:
                self._ship_all()
            except KafkaException as error:
                self._drop_producer()
                raise BrokerUnreachable(str(error)) from error
            except BrokerUnreachable:
                self._drop_producer()
                raise
        return self.shipped - before

    def history_of(self, household: str) -> Iterator[tuple[str, str, bytes]]:
        """Yield all rows of a household as they stand now, in one state of the core."""
        with reading(self._core):
            lsn = int(read_control(self._core, "lsn") or 0)
            (last_day,) = self._core.execute("SELECT HSDAY FROM HOUSE WHERE HSKEY = ?", (household,)).fetchone()
            ts_ms = int(datetime.combine(unpack_date(last_day), time(23, 59, 59), UTC).timestamp() * 1000)
            for table, condition in _ROWS_OF_HOUSEHOLD.items():
                columns = change_log.COLUMNS[table]
                query = f"SELECT {', '.join(columns)} FROM {table} WHERE {condition} ORDER BY 1, 2"
                for row in self._core.execute(query, (household,)):
                    image = dict(zip(columns, row, strict=True))
                    value = change_log.envelope(table, lsn, ts_ms, op="r", before=None, after=image)
                    yield table, change_log.key_of(table, row), value

    def _ship_all(self) -> None:
        producer = self._producer = self._producer or self._connect()
        while rows := self._core.execute(_NEXT, (_CHUNK,)).fetchall():
            count = 0
            for _, table, key, value in rows:
                records = self.history_of(key) if table == change_log.SNAPSHOT else [(table, key, value)]
                for record in records:
                    self._send(producer, *record)
                    count += 1
            self._await_delivery(producer)
            with writing(self._core):
                self._core.execute("DELETE FROM CHGLOG WHERE CLSEQ <= ?", (rows[-1][0],))
            self.shipped += count

    def _connect(self) -> Producer:
        producer = new_producer()
        cluster = producer.list_topics(timeout=_ANSWER_WITHIN_S).cluster_id
        self._meet(f"{cluster}/{settings.TOPIC_PREFIX}")
        return producer

    def _meet(self, destination: str) -> None:
        """Tell a broker that never heard of this core all of its history, instead of the changes to it."""
        known = read_control(self._core, "destination")
        if known == destination:
            return
        with writing(self._core):
            write_control(self._core, "destination", destination)
            if known is not None:
                self._core.execute("DELETE FROM CHGLOG")
                for (household,) in self._core.execute("SELECT HSKEY FROM HOUSE ORDER BY HSLSN").fetchall():
                    change_log.note_snapshot(self._core, household)

    def _send(self, producer: Producer, table: str, key: str, value: bytes) -> None:
        name = PAYMENT_STATUS_TOPIC if table == change_log.PAYMENT_STATUS else f"core.raw.cdc.{table.lower()}"
        while True:
            try:
                producer.produce(topic_name(name), value=value, key=key, on_delivery=self._on_delivery)
            except BufferError:
                self._await_delivery(producer)
            else:
                return

    def _await_delivery(self, producer: Producer) -> None:
        left = producer.flush(_TAKE_WITHIN_S)
        if left or self._failure:
            raise BrokerUnreachable(str(self._failure or f"{left} records were not taken in time"))

    def _on_delivery(self, error: KafkaError | None, _: Message) -> None:
        self._failure = self._failure or error

    def _drop_producer(self) -> None:
        if self._producer:
            self._producer.purge()
            self._producer.flush(1)
        self._producer = self._failure = None


def is_anything_left(core: sqlite3.Connection) -> bool:
    """Say whether the change log holds something that is not shipped."""
    return core.execute("SELECT 1 FROM CHGLOG LIMIT 1").fetchone() is not None


@contextmanager
def _only_shipper() -> Iterator[None]:
    """Wait until no other process ships: two at once would break the order of a key."""
    with core_file().with_suffix(".shipping").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


_NEXT = "SELECT CLSEQ, CLTBL, CLKEY, CLVAL FROM CHGLOG ORDER BY CLSEQ LIMIT ?"

_ROWS_OF_HOUSEHOLD = {
    "CUSMST": "CUSNO IN (SELECT AHCUS FROM ACHOLD JOIN ACCMST ON ACNO = AHACC WHERE ACHSE = ?)",
    "ACCMST": "ACHSE = ?",
    "ACHOLD": "AHACC IN (SELECT ACNO FROM ACCMST WHERE ACHSE = ?)",
    "ACBAL": "ABACC IN (SELECT ACNO FROM ACCMST WHERE ACHSE = ?)",
    "TRNJNL": "TJACC IN (SELECT ACNO FROM ACCMST WHERE ACHSE = ?)",
}
