"""When the server was started that a range was last published from; by SQL, as 0001."""

from pathlib import Path

from django.db import migrations

FORWARD = Path(__file__).with_name("0006_the_server_that_published.sql").read_text()
BACKWARD = "ALTER TABLE streaming_relay DROP COLUMN server_started_at;"


class Migration(migrations.Migration):
    dependencies = [("streaming", "0005_parked_keys_have_ids")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
