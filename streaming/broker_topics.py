"""Makes the broker have the topics that the platform declares, and tells where the two differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from django.conf import settings

from streaming import kafka
from streaming.topics import Topic, declared, topic_name

CHANGE_WITHIN_S = 30.0
"""How long the broker may take to look at its topics, or to change them."""


def apply_topics() -> list[str]:
    """
    Create what is missing, correct what may be corrected, and return what was done, in sentences.

    Partitions are never added, as the keys' order would break; nor are replicas, which the brokers' own tools move.
    """
    admin = kafka.new_admin()
    present = _shapes(admin).keys()
    done = _create(admin, [topic for topic in declared() if topic_name(topic.name) not in present])
    for topic, wrong in _wrong_settings(admin, [t for t in declared() if topic_name(t.name) in present]):
        _correct(admin, topic, wrong)
        done.append(
            f"{topic_name(topic.name)}: set {', '.join(f'{name}={topic_settings(topic)[name]}' for name in wrong)}"
        )
    return done


def topic_differences() -> list[str]:
    """Return, in sentences, where the broker's topics differ from the declared ones."""
    admin = kafka.new_admin()
    shapes = _shapes(admin)
    present = [topic for topic in declared() if topic_name(topic.name) in shapes]
    missing = [f"{topic_name(t.name)}: missing" for t in declared() if topic_name(t.name) not in shapes]
    misfits = [line for topic in present for line in _misfits(topic, shapes[topic_name(topic.name)])]
    settings_wrong = [
        f"{topic_name(topic.name)}: {name} is {value} instead of {topic_settings(topic)[name]}"
        for topic, wrong in _wrong_settings(admin, present)
        for name, value in wrong.items()
    ]
    return sorted(missing + misfits + settings_wrong)


def topic_settings(topic: Topic) -> dict[str, str]:
    """Return the settings that a topic is to have on the broker, by the broker's names for them."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_days * 24 * 3600 * 1000),
        # To wait for a replica that has everything is better than to go on with one that has not.
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": "2" if settings.KAFKA_REPLICATION_FACTOR >= 3 else "1",
        "max.message.bytes": "1048588",
    }


class _Shape(NamedTuple):
    """What a topic was made with and apply cannot change."""

    partitions: int
    replicas: int


def _shapes(admin: AdminClient) -> Mapping[str, _Shape]:
    topics = admin.list_topics(timeout=CHANGE_WITHIN_S).topics
    return {
        name: _Shape(
            partitions=len(topic.partitions),
            replicas=min((len(partition.replicas) for partition in topic.partitions.values()), default=0),
        )
        for name, topic in topics.items()
    }


def _misfits(topic: Topic, shape: _Shape) -> Iterator[str]:
    name = topic_name(topic.name)
    if shape.partitions != topic.partitions:
        yield f"{name}: has {shape.partitions} partitions instead of {topic.partitions}"
    if shape.replicas != settings.KAFKA_REPLICATION_FACTOR:
        yield f"{name}: has {shape.replicas} replicas instead of {settings.KAFKA_REPLICATION_FACTOR}"


def _create(admin: AdminClient, missing: Sequence[Topic]) -> list[str]:
    if not missing:
        return []
    made = []
    futures = admin.create_topics(
        [
            NewTopic(
                topic_name(topic.name),
                num_partitions=topic.partitions,
                replication_factor=settings.KAFKA_REPLICATION_FACTOR,
                config=topic_settings(topic),
            )
            for topic in missing
        ],
        request_timeout=CHANGE_WITHIN_S,
    )
    for name, future in futures.items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was quicker.
                raise
        else:
            made.append(f"{name}: created")
    return made


def _wrong_settings(admin: AdminClient, topics: Sequence[Topic]) -> Iterator[tuple[Topic, Mapping[str, str]]]:
    """Yield topics with the settings, and their present values, that are not as declared."""
    resources = {ConfigResource(ResourceType.TOPIC, topic_name(topic.name)): topic for topic in topics}
    if not resources:
        return
    for resource, future in admin.describe_configs(list(resources), request_timeout=CHANGE_WITHIN_S).items():
        topic, present = resources[resource], future.result()
        wrong = {
            name: present[name].value for name, value in topic_settings(topic).items() if present[name].value != value
        }
        if wrong:
            yield topic, wrong


def _correct(admin: AdminClient, topic: Topic, wrong: Mapping[str, str]) -> None:
    wanted = topic_settings(topic)
    resource = ConfigResource(
        ResourceType.TOPIC,
        topic_name(topic.name),
        incremental_configs=[
            ConfigEntry(name, wanted[name], incremental_operation=AlterConfigOpType.SET) for name in wrong
        ],
    )
    for future in admin.incremental_alter_configs([resource], request_timeout=CHANGE_WITHIN_S).values():
        future.result()
