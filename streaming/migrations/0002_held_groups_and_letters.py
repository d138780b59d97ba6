"""Held events, paused groups, stopped partitions, and letters that can be redriven; by SQL, as 0001."""

from pathlib import Path

from django.db import migrations, models

FORWARD = Path(__file__).with_name("0002_held_groups_and_letters.sql").read_text()
BACKWARD = """
DROP INDEX streaming_dead_letter_open;
ALTER TABLE streaming_dead_letter DROP COLUMN "timestamp", DROP COLUMN resolved_at, DROP COLUMN reason;
ALTER TABLE streaming_inbox DROP COLUMN seen_at;
ALTER TABLE streaming_offset DROP COLUMN stopped_at, DROP COLUMN stop_reason;
DROP TABLE streaming_group;
ALTER TABLE streaming_relay DROP COLUMN refused_at, DROP COLUMN refusal;
DROP TABLE streaming_held;
"""


class Migration(migrations.Migration):
    dependencies = [("streaming", "0001_initial")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.CreateModel(
            name='GroupState',
            fields=[
                ('group', models.TextField(primary_key=True, serialize=False)),
                ('generation', models.IntegerField()),
                ('paused_at', models.DateTimeField(null=True)),
                ('paused_by', models.TextField(null=True)),
                ('reason', models.TextField(null=True)),
            ],
            options={
                'db_table': 'streaming_group',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Held',
            fields=[
                ('pk', models.CompositePrimaryKey('topic', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('topic', models.TextField()),
                ('id', models.BigIntegerField()),
                ('shard', models.SmallIntegerField()),
                ('error', models.TextField()),
                ('held_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'streaming_held',
                'managed': False,
            },
        ),
    ]
