"""When a stopped partition was let go on: its budget of failures begins anew then."""

from pathlib import Path

from django.db import migrations, models

FORWARD = Path(__file__).with_name("0008_a_released_partition_begins_anew.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("streaming", "0007_no_index_of_causes")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            "ALTER TABLE streaming_offset DROP COLUMN released_at;",
            state_operations=[
                migrations.AddField("offset", "released_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
