"""Faults by chance: what may go wrong anywhere, at random moments, told in a sentence each."""

import random
from collections.abc import Callable, Collection
from itertools import islice
from signal import SIGCONT, SIGSTOP
from typing import Any

import psutil
import psycopg

from tests.faults import broker
from tests.faults.purses import PURSES, RECEIPTS
from tests.faults.timing import pause
from tests.faults.world import World

REPEATED = 200


class Faults:
    """Hurts a world that has relays, consumers and writers by the given names; the first of each kind is spared."""

    def __init__(self, world: World, chance: random.Random, *, without: Collection[str] = ()) -> None:
        self._world = world
        self._chance = chance
        kinds: list[tuple[int, Any]] = [
            (4, self.kill_relay),
            (4, self.kill_consumers),
            (3, self.freeze_process),
            (2, self.kill_broker),
            (1, self.freeze_broker),
            (2, self.kill_database),
            (3, self.end_sessions),
            (2, self.cancel_statements),
            (2, self.hold_transaction),
            (2, self.lock_cursor),
            (2, self.write_duplicates),
            (1, self.set_groups_back),
        ]
        self._kinds = [(weight, deed) for weight, deed in kinds if deed.__name__ not in without]

    def strike(self) -> str:
        """Let one thing go wrong, mend it, and say what it was."""
        weights, deeds = zip(*self._kinds, strict=True)
        told = str(self._chance.choices(deeds, weights)[0]())
        self._world.note(told)
        return told

    def kill_relay(self) -> str:
        """The leader or the one who waits dies; another process takes its place."""
        return self._replace("relay", self._world.start_relay)

    def kill_consumers(self) -> str:
        """A process of all groups dies; another one takes its place."""
        return self._replace("consumers", self._world.start_consumers)

    def freeze_process(self) -> str:
        """A process stands still, past its lease or its session, and goes on as if nothing had been."""
        name = self._chance.choice([name for name in self._world.processes if "writer" not in name])
        process, seconds = self._world.processes[name], 1 + 7 * self._chance.random()
        process.send_signal(SIGSTOP)
        pause(seconds)
        process.send_signal(SIGCONT)
        return f"{name} stood still for {seconds:.1f} s"

    def kill_broker(self) -> str:
        """The broker dies and comes back."""
        return self._kill_service("kafka", 3 * self._chance.random())

    def kill_database(self) -> str:
        """The database dies and comes back."""
        return self._kill_service("postgres", self._chance.random())

    def freeze_broker(self) -> str:
        """The broker stands still."""
        pid = self._world.services.service("kafka").pid
        assert pid is not None
        kafka, seconds = psutil.Process(pid), 1 + 6 * self._chance.random()
        kafka.send_signal(SIGSTOP)
        pause(seconds)
        kafka.send_signal(SIGCONT)
        return f"the broker stood still for {seconds:.1f} s"

    def end_sessions(self) -> str:
        """Sessions of the database are ended, whoever's they are."""
        count = self._chance.randint(1, 5)
        self._world.rows(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT %s) s",
            [count],
        )
        return f"{count} sessions were ended"

    def cancel_statements(self) -> str:
        """Statements are cancelled, as a timeout would."""
        for _ in range(20):
            self._world.rows(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state = 'active' AND random() < 0.5"
            )
            pause(0.05)
        return "statements were cancelled"

    def hold_transaction(self) -> str:
        """Somebody forgets a transaction that has an id and a snapshot."""
        seconds = 2 + 6 * self._chance.random()
        with psycopg.connect(self._world.admin_url) as forgotten:
            forgotten.execute("SELECT pg_current_xact_id(), count(*) FROM streaming_relay")
            pause(seconds)
        return f"a transaction was held for {seconds:.1f} s"

    def lock_cursor(self) -> str:
        """The rows of the relays and of the groups' places are locked, past the lease."""
        with psycopg.connect(self._world.admin_url) as holder:
            holder.execute("SELECT FROM streaming_relay FOR UPDATE")
            holder.execute('SELECT FROM streaming_offset ORDER BY "group", topic, partition FOR UPDATE')
            pause(2.5)
        return "cursors and places were locked for 2.5 s"

    def write_duplicates(self) -> str:
        """Records that were written before are written again."""
        topic = self._world.prefix + self._chance.choice([PURSES, RECEIPTS])
        first = list(islice(broker.iterate_topic(self._world.bootstrap, topic), 20 * REPEATED))
        again = self._chance.sample(first, min(len(first), REPEATED))
        broker.write_records(self._world.bootstrap, topic, again)
        return f"{len(again)} records of {topic} were written again"

    def set_groups_back(self) -> str:
        """Places of groups are set back by hand, while the groups run."""
        back = self._chance.randint(100, 2000)
        self._world.rows(
            "UPDATE streaming_offset SET next_offset = greatest(next_offset - %s, 0), epoch = epoch + 1", [back]
        )
        self._replace("consumers", self._world.start_consumers, everyone=True)
        return f"every group was set back by {back} records"

    def _replace(self, kind: str, start: Callable[[str], None], *, everyone: bool = False) -> str:
        names = [name for name in self._world.processes if name.startswith(kind)]
        chosen = names if everyone else [self._chance.choice(names[1:] or names)]
        for name in chosen:
            self._world.kill(name)
        pause(self._chance.random())
        for name in chosen:
            start(name)
        return f"killed: {', '.join(chosen)}"

    def _kill_service(self, name: str, seconds: float) -> str:
        self._world.kill_service(name)
        pause(seconds)
        self._world.bring_up()
        return f"{name} was killed, and away for {seconds:.1f} s"
