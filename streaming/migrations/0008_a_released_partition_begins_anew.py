"""When a stopped partition was let go on: its budget of failures begins anew then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("streaming", "0007_no_index_of_causes")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE streaming_offset ADD COLUMN released_at timestamptz;",
            "ALTER TABLE streaming_offset DROP COLUMN released_at;",
            state_operations=[
                migrations.AddField("offset", "released_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
