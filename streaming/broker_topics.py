"""Makes the broker have the topics that the platform declares, and tells where the two differ."""

from collections.abc import Iterator, Mapping, Sequence

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

    Partitions are never added: the keys' order would break.
    """
    admin = kafka.new_admin()
    partitions = _partitions(admin)
    done = _create(admin, [topic for topic in declared() if topic_name(topic.name) not in partitions])
    for topic, wrong in _wrong_settings(admin, [t for t in declared() if topic_name(t.name) in partitions]):
        _correct(admin, topic, wrong)
        done.append(f"{topic_name(topic.name)}: set {', '.join(f'{name}={_config(topic)[name]}' for name in wrong)}")
    return done


def topic_differences() -> list[str]:
    """Return, in sentences, where the broker's topics differ from the declared ones."""
    admin = kafka.new_admin()
    partitions = _partitions(admin)
    present = [topic for topic in declared() if topic_name(topic.name) in partitions]
    missing = [f"{topic_name(t.name)}: missing" for t in declared() if topic_name(t.name) not in partitions]
    misfits = [
        f"{topic_name(t.name)}: has {partitions[topic_name(t.name)]} partitions instead of {t.partitions}"
        for t in present
        if partitions[topic_name(t.name)] != t.partitions
    ]
    settings_wrong = [
        f"{topic_name(topic.name)}: {name} is {value} instead of {_config(topic)[name]}"
        for topic, wrong in _wrong_settings(admin, present)
        for name, value in wrong.items()
    ]
    return sorted(missing + misfits + settings_wrong)


def _partitions(admin: AdminClient) -> Mapping[str, int]:
    topics = admin.list_topics(timeout=CHANGE_WITHIN_S).topics
    return {name: len(topic.partitions) for name, topic in topics.items()}


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
                config=_config(topic),
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


def _config(topic: Topic) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_days * 24 * 3600 * 1000),
        "min.insync.replicas": "2" if settings.KAFKA_REPLICATION_FACTOR >= 3 else "1",
        "max.message.bytes": "1048588",
    }


def _wrong_settings(admin: AdminClient, topics: Sequence[Topic]) -> Iterator[tuple[Topic, Mapping[str, str]]]:
    """Yield topics with the settings, and their present values, that are not as declared."""
    resources = {ConfigResource(ResourceType.TOPIC, topic_name(topic.name)): topic for topic in topics}
    if not resources:
        return
    for resource, future in admin.describe_configs(list(resources), request_timeout=CHANGE_WITHIN_S).items():
        topic, present = resources[resource], future.result()
        wrong = {name: present[name].value for name, value in _config(topic).items() if present[name].value != value}
        if wrong:
            yield topic, wrong


def _correct(admin: AdminClient, topic: Topic, wrong: Mapping[str, str]) -> None:
    wanted = _config(topic)
    resource = ConfigResource(
        ResourceType.TOPIC,
        topic_name(topic.name),
        incremental_configs=[
            ConfigEntry(name, wanted[name], incremental_operation=AlterConfigOpType.SET) for name in wrong
        ],
    )
    for future in admin.incremental_alter_configs([resource], request_timeout=CHANGE_WITHIN_S).values():
        future.result()
