"""The event log's tables, by SQL; the models only describe them."""

from pathlib import Path

from django.db import migrations, models

FORWARD = Path(__file__).with_name("0001_event_log.sql").read_text()
BACKWARD = """
DROP TABLE streaming_parked_key, streaming_dead_letter, streaming_offset, streaming_relay, streaming_applied,
    streaming_inbox, streaming_event, streaming_stream;
DROP FUNCTION streaming_make_partitions, streaming_make_partition, streaming_protect, streaming_first_uuid,
    streaming_refuse_change;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.CreateModel(
            name='Applied',
            fields=[
                ('pk', models.CompositePrimaryKey('consumer', 'aggregate_type', 'aggregate_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('consumer', models.TextField()),
                ('aggregate_type', models.TextField()),
                ('aggregate_id', models.TextField()),
                ('version', models.BigIntegerField()),
            ],
            options={
                'db_table': 'streaming_applied',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='DeadLetter',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('group', models.TextField()),
                ('topic', models.TextField()),
                ('partition', models.IntegerField()),
                ('offset', models.BigIntegerField()),
                ('key', models.TextField(null=True)),
                ('event_id', models.UUIDField(null=True)),
                ('headers', models.JSONField()),
                ('raw', models.BinaryField()),
                ('error', models.TextField()),
                ('attempts', models.SmallIntegerField()),
                ('state', models.TextField(choices=[('poison', 'could not be applied'), ('waiting', 'waits behind an earlier letter of its key'), ('redriven', 'applied later'), ('discarded', 'given up, with a reason')])),
                ('resolved_by', models.TextField(null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'dead letter',
                'db_table': 'streaming_dead_letter',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='InboxEntry',
            fields=[
                ('pk', models.CompositePrimaryKey('event_id', 'consumer', blank=True, editable=False, primary_key=True, serialize=False)),
                ('event_id', models.UUIDField()),
                ('consumer', models.TextField()),
            ],
            options={
                'db_table': 'streaming_inbox',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Offset',
            fields=[
                ('pk', models.CompositePrimaryKey('group', 'topic', 'partition', blank=True, editable=False, primary_key=True, serialize=False)),
                ('group', models.TextField()),
                ('topic', models.TextField()),
                ('partition', models.IntegerField()),
                ('next_offset', models.BigIntegerField()),
                ('epoch', models.BigIntegerField()),
            ],
            options={
                'db_table': 'streaming_offset',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='ParkedKey',
            fields=[
                ('pk', models.CompositePrimaryKey('group', 'topic', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('group', models.TextField()),
                ('topic', models.TextField()),
                ('key', models.TextField()),
                ('cause', models.TextField(choices=[('poison', 'a record could not be applied')])),
                ('since', models.DateTimeField()),
            ],
            options={
                'db_table': 'streaming_parked_key',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Relay',
            fields=[
                ('name', models.TextField(primary_key=True, serialize=False)),
                ('owner', models.TextField(null=True)),
                ('lease_until', models.DateTimeField()),
                ('standby', models.TextField(null=True)),
                ('standby_until', models.DateTimeField()),
                ('epoch', models.BigIntegerField()),
                ('snap', models.TextField()),
                ('window_snap', models.TextField(null=True)),
                ('last_id', models.BigIntegerField()),
                ('stored_at', models.DateTimeField()),
                ('system_identifier', models.BigIntegerField(null=True)),
                ('timeline', models.TextField(null=True)),
            ],
            options={
                'db_table': 'streaming_relay',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='StoredEvent',
            fields=[
                ('event_id', models.UUIDField(primary_key=True, serialize=False)),
                ('id', models.BigIntegerField(editable=False)),
                ('shard', models.SmallIntegerField()),
                ('aggregate_type', models.TextField()),
                ('aggregate_id', models.TextField()),
                ('version', models.BigIntegerField()),
                ('type', models.TextField()),
                ('schema_version', models.SmallIntegerField()),
                ('topic', models.TextField()),
                ('key', models.TextField()),
                ('payload', models.BinaryField()),
                ('traceparent', models.TextField(null=True)),
                ('correlation_id', models.TextField(null=True)),
                ('causation_id', models.UUIDField(null=True)),
                ('actor', models.TextField()),
                ('customer_id', models.UUIDField(null=True)),
                ('third_party_id', models.UUIDField(null=True)),
                ('consent_id', models.UUIDField(null=True)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'event',
                'db_table': 'streaming_event',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Stream',
            fields=[
                ('pk', models.CompositePrimaryKey('aggregate_type', 'aggregate_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('aggregate_type', models.TextField()),
                ('aggregate_id', models.TextField()),
                ('version', models.BigIntegerField()),
            ],
            options={
                'db_table': 'streaming_stream',
                'managed': False,
            },
        ),
    ]
