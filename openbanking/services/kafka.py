"""Kafka in KRaft mode: one node that is broker and controller at once."""

import base64
import shutil
import subprocess
import uuid
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from openbanking.services.addresses import kafka_address
from openbanking.services.errors import ServicesUnavailable
from openbanking.services.java import java
from openbanking.services.kafka_jars import class_path
from openbanking.services.ports import is_listening, keep_or_choose
from openbanking.services.service import Service
from openbanking.services.state import KafkaState, load_state, save_state

JVM_FLAGS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")
"""Small and quick to start: 2 s and about 355 MB resident instead of a server's defaults."""

SETTINGS = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "offsets.topic.num.partitions": "6",
    "transaction.state.log.num.partitions": "6",
    "share.coordinator.state.topic.num.partitions": "6",
    "group.initial.rebalance.delay.ms": "0",
    "broker.session.timeout.ms": "3000",  # After a kill, the new broker waits until the old one counts as gone.
    "broker.heartbeat.interval.ms": "500",
    "log.cleaner.dedupe.buffer.size": "16777216",
}


class Kafka(Service):
    """The embedded broker; what it holds survives a kill, not a power loss."""

    name: ClassVar[str] = "kafka"
    variable: ClassVar[str] = "KAFKA_BOOTSTRAP_SERVERS"
    start_timeout_s: ClassVar[float] = 60

    def prepare(self) -> None:
        """Check the jars, choose ports, write the properties and, the first time, format the log directory."""
        assert self._class_path
        self.home.mkdir(parents=True, exist_ok=True)
        kafka = self._choose_ports()
        self._properties.write_text(_properties(kafka, self._logs))
        if not self._formatted.exists():
            self._format(kafka)

    @property
    def command(self) -> list[str]:
        """The broker, on the jars' class path."""
        return [*self._java, *JVM_FLAGS, _LOGGING, "kafka.Kafka", self.mark]

    @property
    def mark(self) -> str:
        """Its properties file."""
        return str(self._properties)

    @property
    def address(self) -> str:
        """``host:port``."""
        return kafka_address(load_state(self.folder))

    def is_ready(self) -> bool:
        """List the topics, and see that it is this cluster which answers."""
        kafka = load_state(self.folder).kafka
        if kafka is None or not is_listening(kafka.port):
            return False
        client = AdminClient({"bootstrap.servers": self.address, "log_level": 0, "socket.timeout.ms": 3000})
        try:
            answer = client.list_topics(timeout=3)
        except KafkaException:
            return False
        return answer.cluster_id == kafka.cluster_id and bool(answer.brokers)

    @property
    def _properties(self) -> Path:
        return self.home / "server.properties"

    @property
    def _logs(self) -> Path:
        return self.home / "data"

    @property
    def _formatted(self) -> Path:
        """Exists once the log directory was formatted completely."""
        return self.home / "formatted"

    @cached_property
    def _class_path(self) -> str:
        return class_path()

    @cached_property
    def _java(self) -> list[str]:
        return [java(), "-cp", self._class_path]

    def _choose_ports(self) -> KafkaState:
        state = load_state(self.folder)
        known = state.kafka
        kafka = KafkaState(
            port=keep_or_choose(known.port if known else None),
            controller_port=keep_or_choose(known.controller_port if known else None),
            cluster_id=known.cluster_id if known else _new_cluster_id(),
        )
        save_state(self.folder, replace(state, kafka=kafka))
        return kafka

    def _format(self, kafka: KafkaState) -> None:
        """Format the log directory; a half-formatted one never had a record in it."""
        shutil.rmtree(self._logs, ignore_errors=True)
        formatting = self.home / "format.properties"  # Not the broker's own file, by which the broker is found.
        shutil.copyfile(self._properties, formatting)
        tool = ["kafka.tools.StorageTool", "format", "-t", kafka.cluster_id, "-c", str(formatting)]
        done = subprocess.run(
            [*self._java, *JVM_FLAGS, _LOGGING, *tool], env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ServicesUnavailable(f"Kafka's log directory cannot be formatted:\n{done.stdout}{done.stderr}")
        self._formatted.touch()


_LOGGING = f"-Dlog4j2.configurationFile={Path(__file__).with_name('kafka_log4j2.properties')}"


def _properties(kafka: KafkaState, logs: Path) -> str:
    settings = SETTINGS | {
        "listeners": f"PLAINTEXT://127.0.0.1:{kafka.port},CONTROLLER://127.0.0.1:{kafka.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{kafka.port}",
        "controller.quorum.voters": f"1@127.0.0.1:{kafka.controller_port}",
        "log.dirs": str(logs),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _new_cluster_id() -> str:
    """Return an id as Kafka makes them: 16 bytes in base 64, none that a command line would take for an option."""
    while True:
        candidate = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not candidate.startswith("-"):
            return candidate
