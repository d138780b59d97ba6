"""In which database and table a range's log lay when it was last published: a restored dump lies in others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("streaming", "0008_a_released_partition_begins_anew")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE streaming_relay ADD COLUMN lies_in text;",
            "ALTER TABLE streaming_relay DROP COLUMN lies_in;",
            state_operations=[
                migrations.AddField("relay", "lies_in", models.TextField(null=True)),
            ],
        ),
    ]
