"""When the server was started that a range was last published from: a restored one was started later. By SQL, as 0001."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("streaming", "0005_parked_keys_have_ids")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE streaming_relay ADD COLUMN server_started_at timestamptz",
            "ALTER TABLE streaming_relay DROP COLUMN server_started_at",
        )
    ]
