"""Partitions that mend themselves and are dropped behind every cursor; by SQL, as 0001."""

from pathlib import Path

from django.db import migrations

FORWARD = Path(__file__).with_name("0003_housekeeping.sql").read_text()
EARLIER = Path(__file__).with_name("0001_event_log.sql").read_text()
_MAKE_ONE = EARLIER.index("CREATE FUNCTION streaming_make_partition(")
_ITS_END = EARLIER.index("SELECT streaming_make_partitions(12)")

# The two functions that 0001 made take their old bodies again.
BACKWARD = f"""
ALTER TABLE streaming_offset RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay);
ALTER TABLE streaming_relay RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay);
DROP FUNCTION streaming_drop_month, streaming_relay_ranges, streaming_reason_to_keep, streaming_drop_old_inbox,
    streaming_inbox_horizon, streaming_make_partitions, streaming_make_partition, streaming_day_of, streaming_months;
{EARLIER[_MAKE_ONE:_ITS_END]}
"""


class Migration(migrations.Migration):
    dependencies = [("streaming", "0002_held_groups_and_letters")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
