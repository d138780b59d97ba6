"""Counts that outlive their processes; by SQL, as 0001. Only SQL reads them: they have no model."""

from pathlib import Path

from django.db import migrations

FORWARD = Path(__file__).with_name("0004_tallies.sql").read_text()
BACKWARD = "DROP TABLE streaming_tally;"


class Migration(migrations.Migration):
    dependencies = [("streaming", "0003_housekeeping")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
