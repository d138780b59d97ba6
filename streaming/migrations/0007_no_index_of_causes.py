"""Nobody looks events up by their cause: chains are found by their correlation. Each event costs one entry less."""

from pathlib import Path

from django.db import migrations

FORWARD = Path(__file__).with_name("0007_no_index_of_causes.sql").read_text()
BACKWARD = "CREATE INDEX streaming_event_causation ON streaming_event (causation_id);"


class Migration(migrations.Migration):
    dependencies = [("streaming", "0006_the_server_that_published")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
