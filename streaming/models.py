# ruff: noqa: DJ001, DJ008 - NULL means unknown here and SQL asks for it; rows that nobody is shown need no name.
"""
The tables of the event log, of its relay and of its consumers.

They are made by SQL (``migrations/0001_event_log.sql``): partitions, fill factors and revoked privileges are beyond
what models can say. Everything that matters for speed or order is read and written by SQL as well.
"""

from django.db import models


class Stream(models.Model):
    """The head of one aggregate's events: the lock that orders them, and the last version."""

    pk = models.CompositePrimaryKey("aggregate_type", "aggregate_id")
    aggregate_type = models.TextField()
    aggregate_id = models.TextField()
    version = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "streaming_stream"


class StoredEvent(models.Model):
    """One event as it was recorded: outbox and audit log at once; never changed, never deleted."""

    event_id = models.UUIDField(primary_key=True)
    id = models.BigIntegerField(editable=False)
    shard = models.SmallIntegerField()
    aggregate_type = models.TextField()
    aggregate_id = models.TextField()
    version = models.BigIntegerField()
    type = models.TextField()
    schema_version = models.SmallIntegerField()
    topic = models.TextField()
    key = models.TextField()
    payload = models.BinaryField()
    traceparent = models.TextField(null=True)
    correlation_id = models.TextField(null=True)
    causation_id = models.UUIDField(null=True)
    actor = models.TextField()
    customer_id = models.UUIDField(null=True)
    third_party_id = models.UUIDField(null=True)
    consent_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "streaming_event"
        verbose_name = "event"

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Relay(models.Model):
    """How far a range of shards was published, and who may go on with it for how long."""

    name = models.TextField(primary_key=True)
    owner = models.TextField(null=True)
    lease_until = models.DateTimeField()
    standby = models.TextField(null=True)
    standby_until = models.DateTimeField()
    epoch = models.BigIntegerField()
    snap = models.TextField()
    window_snap = models.TextField(null=True)
    last_id = models.BigIntegerField()
    stored_at = models.DateTimeField()
    system_identifier = models.BigIntegerField(null=True)
    timeline = models.TextField(null=True)
    server_started_at = models.DateTimeField(null=True)
    lies_in = models.TextField(null=True)
    refused_at = models.DateTimeField(null=True)
    refusal = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = "streaming_relay"

    def __str__(self) -> str:
        return self.name


class Held(models.Model):
    """One event of a broken topic: it waits, with all later ones of its topic, while the other topics flow."""

    pk = models.CompositePrimaryKey("topic", "id")
    topic = models.TextField()
    id = models.BigIntegerField()
    shard = models.SmallIntegerField()
    error = models.TextField()
    held_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "streaming_held"


class InboxEntry(models.Model):
    """A consumer has applied, or set aside, this event."""

    pk = models.CompositePrimaryKey("event_id", "consumer")
    event_id = models.UUIDField()
    consumer = models.TextField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "streaming_inbox"


class Applied(models.Model):
    """The last version of an aggregate that a consumer with the order ``newest`` or ``every`` has applied."""

    pk = models.CompositePrimaryKey("consumer", "aggregate_type", "aggregate_id")
    consumer = models.TextField()
    aggregate_type = models.TextField()
    aggregate_id = models.TextField()
    version = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "streaming_applied"


class GroupState(models.Model):
    """What people said of a group: which generation of its view counts, and whether it is paused."""

    group = models.TextField(primary_key=True)
    generation = models.IntegerField()
    paused_at = models.DateTimeField(null=True)
    paused_by = models.TextField(null=True)
    reason = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = "streaming_group"
        verbose_name = "consumer group"

    def __str__(self) -> str:
        return self.group


class Offset(models.Model):
    """Where a group reads on in a partition; ``epoch`` fences off those who had it before."""

    pk = models.CompositePrimaryKey("group", "topic", "partition")
    group = models.TextField()
    topic = models.TextField()
    partition = models.IntegerField()
    next_offset = models.BigIntegerField()
    epoch = models.BigIntegerField()
    stopped_at = models.DateTimeField(null=True)
    stop_reason = models.TextField(null=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "streaming_offset"


class DeadLetter(models.Model):
    """A record that a group could not apply, or that waits with its parked key."""

    class State(models.TextChoices):
        """What became of it."""

        POISON = "poison", "could not be applied"
        WAITING = "waiting", "waits behind an earlier letter of its key"
        REDRIVEN = "redriven", "applied later"
        DISCARDED = "discarded", "given up, with a reason"

    id = models.BigAutoField(primary_key=True)
    group = models.TextField()
    topic = models.TextField()
    partition = models.IntegerField()
    offset = models.BigIntegerField()
    key = models.TextField(null=True)
    event_id = models.UUIDField(null=True)
    headers = models.JSONField()
    raw = models.BinaryField()
    error = models.TextField()
    attempts = models.SmallIntegerField()
    state = models.TextField(choices=State.choices)
    timestamp = models.DateTimeField()
    resolved_by = models.TextField(null=True)
    resolved_at = models.DateTimeField(null=True)
    reason = models.TextField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "streaming_dead_letter"
        verbose_name = "dead letter"

    def __str__(self) -> str:
        return f"{self.group} {self.topic}/{self.partition}@{self.offset}"


class ParkedKey(models.Model):
    """A key whose records wait, so that their order survives; ``cause`` says for what."""

    class Cause(models.TextChoices):
        """Why it waits."""

        POISON = "poison", "a record could not be applied"
        GAP = "gap", "an earlier version has not come yet"

    id = models.BigAutoField(primary_key=True)
    group = models.TextField()
    topic = models.TextField()
    key = models.TextField()
    cause = models.TextField(choices=Cause.choices)
    since = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "streaming_parked_key"

    def __str__(self) -> str:
        return f"{self.group} {self.topic} {self.key}"
