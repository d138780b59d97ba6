"""The embedded services: real programs that start, share, recover and stop as promised."""

import os
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
import redis
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from openbanking.services.addresses import Addresses, known_addresses
from openbanking.services.database import ensure_database
from openbanking.services.errors import ServicesUnavailable
from openbanking.services.java import java
from openbanking.services.kafka_jars import SUMS_FILE, recorded_sums, verified
from openbanking.services.service_set import ServiceSet
from openbanking.services.state import PostgresState, State, load_state, save_state
from openbanking.services.unprivileged import as_stand_in
from openbanking.services.valkey import Valkey
from tests.support import services as the_tests_own
from tests.support.services import private_set

NOTHING_GIVEN: dict[str, str] = {}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceSet]:
    """A set that these tests may kill."""
    with private_set(tmp_path_factory.mktemp("services")) as services:
        yield services


class TestJars:
    """Only the jars on record run."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "broker.jar").write_bytes(b"good")
        return tmp_path

    def test_recorded_jars_are_the_class_path_and_others_are_not(self, folder: Path) -> None:
        (folder / "stray.jar").write_bytes(b"bad")

        assert verified(folder, {"broker.jar": sha256(b"good").hexdigest()}) == [folder / "broker.jar"]

    def test_a_changed_jar_is_refused(self, folder: Path) -> None:
        (folder / "broker.jar").write_bytes(b"evil")

        with pytest.raises(ServicesUnavailable, match=r"broker\.jar is not the one recorded"):
            verified(folder, {"broker.jar": sha256(b"good").hexdigest()})

    def test_a_missing_jar_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ServicesUnavailable, match=r"broker\.jar is missing"):
            verified(tmp_path, {"broker.jar": sha256(b"good").hexdigest()})

    def test_an_unlisted_dependency_is_refused(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("openbanking.services.kafka_jars.cache_folder", lambda: tmp_path / "cache")
        monkeypatch.setattr("openbanking.services.kafka_jars._resolve", lambda: [folder / "broker.jar"])
        from openbanking.services.kafka_jars import class_path

        with pytest.raises(ServicesUnavailable, match=r"broker\.jar, which kafka_jars\.sha256 does not list"):
            class_path()
        assert not (tmp_path / "cache" / "broker.jar").exists()

    def test_the_record_holds_one_kafka_version_throughout(self) -> None:
        names = [name for name in recorded_sums(SUMS_FILE) if name.startswith("kafka")]

        assert len({name.removesuffix(".jar").rsplit("-", 1)[1] for name in names}) == 1


class TestState:
    """What is kept between runs."""

    def test_it_is_readable_by_its_owner_only(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            save_state(tmp_path, State())
        finally:
            os.umask(before)

        assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600

    def test_it_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        state = State(postgres=PostgresState(1, "admin", "owner", "app"))
        save_state(tmp_path, state)

        assert load_state(tmp_path) == state

    def test_a_damaged_one_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "state.json").write_text("{")

        with pytest.raises(ServicesUnavailable, match="start afresh"):
            load_state(tmp_path)


class TestAddresses:
    """Where the services are, for whoever asks."""

    def test_a_folder_never_brought_up_has_none(self, tmp_path: Path) -> None:
        assert known_addresses(tmp_path / "never", NOTHING_GIVEN) == Addresses(
            database_url="",
            database_owner_url="",
            database_admin_url="",
            kafka_bootstrap_servers="",
            valkey_url="",
        )

    def test_given_ones_win(self, tmp_path: Path) -> None:
        given = {"DATABASE_URL": "postgresql://a@db/x", "KAFKA_BOOTSTRAP_SERVERS": "k:1", "VALKEY_URL": "redis://v/0"}

        assert known_addresses(tmp_path, given) == Addresses(
            database_url="postgresql://a@db/x",
            database_owner_url="postgresql://a@db/x",
            database_admin_url="postgresql://a@db/x",
            kafka_bootstrap_servers="k:1",
            valkey_url="redis://v/0",
        )

    def test_a_given_service_is_not_started(self, tmp_path: Path) -> None:
        given = {"DATABASE_URL": "postgresql://a@db/x", "KAFKA_BOOTSTRAP_SERVERS": "k:1", "VALKEY_URL": "redis://v/0"}
        services = ServiceSet(tmp_path, given=given)

        services.up()

        assert services.services == ()
        assert [status.state for status in services.status()] == ["given"] * 3


def test_the_unprivileged_command_is_the_same_for_an_ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert as_stand_in(["initdb"], reaching=[]) == ["initdb"]


def test_a_java_is_found() -> None:
    assert Path(java()).exists()


def test_a_worker_has_a_corner_to_itself() -> None:
    mine, other = the_tests_own.test_addresses("gw90"), the_tests_own.test_addresses("gw91")

    assert mine.topic_prefix.startswith("gw90.")
    assert other.topic_prefix.split(".")[1] == mine.topic_prefix.split(".")[1]
    assert mine.database_url.rpartition("/")[2].startswith("millrace_test_gw90")
    assert mine.valkey_url != other.valkey_url
    assert the_tests_own.test_addresses("gw90") == mine


class TestSet:
    """The three together."""

    def test_up_twice_is_one_set(self, services: ServiceSet) -> None:
        before = services.status()

        assert ServiceSet(services.folder, given=NOTHING_GIVEN).up() == services.addresses()
        assert services.status() == before
        assert [status.state for status in before] == ["running"] * 3

    def test_every_one_of_them_recovers_from_a_kill_with_what_it_held(self, services: ServiceSet) -> None:
        before = services.addresses()
        _remember(before)
        pids = [service.pid for service in services.services]

        for pid in pids:
            assert pid is not None
            os.kill(pid, 9)

        assert services.up() == before
        assert _recall(before) == ["kept in PostgreSQL", "kept in Kafka", "kept in Valkey"]
        assert not set(pids) & {service.pid for service in services.services}

    def test_one_that_dies_while_it_is_waited_for_is_started(
        self, services: ServiceSet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        valkey = services.service("valkey")
        dying = valkey.pid
        assert dying is not None
        look = type(valkey).is_ready

        def die_first(service: Valkey) -> bool:
            if service.pid == dying:  # It was seen running, and is killed before it could answer.
                os.kill(dying, 9)
                return False
            return look(service)

        monkeypatch.setattr(Valkey, "is_ready", die_first)

        services.up()

        assert valkey.pid not in {None, dying}

    def test_a_pid_that_somebody_else_has_by_now_does_not_keep_postgres_down(self, tmp_path: Path) -> None:
        with private_set(tmp_path, only=["postgres"]) as services:
            services.down()
            (tmp_path / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")

            services.up()

            assert services.service("postgres").is_ready()

    def test_a_port_taken_by_somebody_else_is_replaced(self, tmp_path: Path, services: ServiceSet) -> None:
        taken = load_state(services.folder).valkey
        assert taken is not None
        save_state(tmp_path, State(valkey=taken))

        with private_set(tmp_path, only=["valkey"]) as other:
            assert other.addresses().valkey_url != services.addresses().valkey_url
            assert other.service("valkey").is_ready()

    def test_when_one_fails_the_others_are_stopped_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("openbanking.services.valkey.SETTINGS", {"no-such-setting": "1"})
        services = ServiceSet(tmp_path, given=NOTHING_GIVEN, only=["postgres", "valkey"])

        with pytest.raises(ServicesUnavailable, match=r"(?s)valkey ended.*no-such-setting.*DATABASE_URL"):
            services.up()

        assert [service.pid for service in services.services] == [None, None]

    def test_down_leaves_nothing_running(self, tmp_path: Path) -> None:
        with private_set(tmp_path, only=["postgres", "valkey"]) as services:
            assert all(service.pid for service in services.services)

        assert [service.pid for service in services.services] == [None, None]


class TestRoles:
    """Neither role can walk through walls."""

    def test_the_platform_cannot_create_tables(self, services: ServiceSet) -> None:
        with (
            psycopg.connect(services.addresses().database_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("CREATE TABLE forbidden ()")

    def test_the_platform_cannot_change_what_it_does_not_own(self, services: ServiceSet) -> None:
        _migrate(services, "CREATE TABLE owned (id int)")

        with (
            psycopg.connect(services.addresses().database_url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("DROP TABLE owned")

    def test_the_platform_works_with_rows_of_the_owners_tables(self, services: ServiceSet) -> None:
        _migrate(services, "CREATE TABLE counted (id bigint GENERATED BY DEFAULT AS IDENTITY, word text)")

        with psycopg.connect(services.addresses().database_url) as connection:
            connection.execute("INSERT INTO counted (word) VALUES ('one')")
            connection.execute("UPDATE counted SET word = 'two'")

            assert connection.execute("SELECT id, word FROM counted").fetchall() == [(1, "two")]

    @pytest.mark.parametrize("url", ["database_url", "database_owner_url"])
    def test_neither_is_a_superuser(self, services: ServiceSet, url: str) -> None:
        with psycopg.connect(getattr(services.addresses(), url)) as connection:
            powers = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"

            assert connection.execute(f"SELECT {powers} FROM pg_roles WHERE rolname = current_user").fetchone() == (
                False,
            )

    def test_a_wrong_password_is_refused(self, services: ServiceSet) -> None:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(services.addresses().database_url, password="wrong")

    def test_a_database_is_ensured_as_often_as_one_likes(self, services: ServiceSet) -> None:
        for _ in range(2):
            ensure_database(services.addresses().database_admin_url, "another")

        with psycopg.connect(services.addresses().database_owner_url, dbname="another") as connection:
            connection.execute("CREATE TABLE mine ()")

    def test_what_is_committed_is_on_disk(self, services: ServiceSet) -> None:
        with psycopg.connect(services.addresses().database_url) as connection:
            shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]

        assert shown == [("on",), ("on",)]


def _migrate(services: ServiceSet, statement: str) -> None:
    with psycopg.connect(services.addresses().database_owner_url) as connection:
        connection.execute(statement)


def _remember(places: Addresses) -> None:
    """Leave something in each service."""
    with psycopg.connect(places.database_owner_url) as connection:
        connection.execute("CREATE TABLE memory AS SELECT 'kept in PostgreSQL' AS word")
    admin = AdminClient({"bootstrap.servers": places.kafka_bootstrap_servers})
    admin.create_topics([NewTopic("memory", 1, 1)])["memory"].result(timeout=10)
    producer = Producer({"bootstrap.servers": places.kafka_bootstrap_servers, "acks": "all"})
    producer.produce("memory", b"kept in Kafka")
    assert producer.flush(10) == 0
    with redis.Redis.from_url(places.valkey_url) as client:
        client.set("memory", "kept in Valkey")


def _recall(places: Addresses) -> list[str]:
    """Find it again."""
    with psycopg.connect(places.database_url) as connection:
        row = connection.execute("SELECT word FROM memory").fetchone()
    consumer = Consumer(
        {"bootstrap.servers": places.kafka_bootstrap_servers, "group.id": "memory", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["memory"])
    message = consumer.poll(15)
    consumer.close()
    with redis.Redis.from_url(places.valkey_url, decode_responses=True) as client:
        remembered = client.get("memory")
    assert row is not None
    assert message is not None
    value = message.value()
    assert value is not None
    return [row[0], value.decode(), str(remembered)]
