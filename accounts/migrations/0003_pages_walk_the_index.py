"""
A page of an account's transactions must always walk the index by booking, however long the account.

Left alone, the planner takes the average account for every account: fifty rows, cheaper collected and sorted. For
one with ten thousand rows that reads them all. Told that accounts are long, it walks the index and stops.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_room_for_hot_updates")]

    operations = [
        migrations.RunSQL(
            [
                "ALTER TABLE accounts_transaction ALTER COLUMN account_id SET STATISTICS 1",
                "ALTER TABLE accounts_transaction ALTER COLUMN account_id SET (n_distinct = 2)",
            ],
            [
                "ALTER TABLE accounts_transaction ALTER COLUMN account_id SET STATISTICS -1",
                "ALTER TABLE accounts_transaction ALTER COLUMN account_id RESET (n_distinct)",
            ],
        ),
    ]
