"""Balances change far more often than they are added: room in each page keeps the updates out of the index."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE accounts_balance SET (fillfactor = 70)",
            "ALTER TABLE accounts_balance RESET (fillfactor)",
        ),
    ]
