"""In which database and table a range's log lay when it was last published: a restored dump lies in others."""

from pathlib import Path

from django.db import migrations, models

FORWARD = Path(__file__).with_name("0009_the_tables_that_were_published.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("streaming", "0008_a_released_partition_begins_anew")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            "ALTER TABLE streaming_relay DROP COLUMN lies_in;",
            state_operations=[
                migrations.AddField("relay", "lies_in", models.TextField(null=True)),
            ],
        ),
    ]
