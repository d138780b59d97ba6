import kernel.identifiers
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(default=kernel.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('consent_id', models.UUIDField(unique=True)),
                ('third_party_id', models.UUIDField()),
                ('client_id', models.CharField(max_length=100)),
                ('customer_id', models.UUIDField()),
                ('debtor_account_id', models.UUIDField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('creditor_name', models.CharField(max_length=350)),
                ('creditor_scheme', models.CharField(max_length=60)),
                ('creditor_identification', models.CharField(max_length=256)),
                ('reference', models.CharField(blank=True, max_length=140)),
                ('end_to_end_identification', models.CharField(max_length=35)),
                ('instruction_identification', models.CharField(max_length=35)),
                ('lodged', models.JSONField()),
                ('status', models.CharField(choices=[('RCVD', 'Received'), ('PDNG', 'Pending'), ('ACTC', 'Technically valid'), ('PATC', 'Waiting for further authorisers'), ('ACCP', 'Customer profile accepted'), ('ACFC', 'Funds checked'), ('ACSP', 'Settlement in process'), ('ACWC', 'Accepted with a change'), ('ACSC', 'Debited'), ('ACWP', "Accepted by the payee's bank, not posted"), ('ACCC', 'Credited to the payee'), ('BLCK', 'Blocked'), ('RJCT', 'Rejected')], default='RCVD', max_length=4)),
                ('reason_code', models.CharField(blank=True, max_length=35)),
                ('reason_text', models.TextField(blank=True)),
                ('core_reference', models.TextField(blank=True)),
                ('source_version', models.BigIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('status_updated_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(models.F('third_party_id'), models.OrderBy(models.F('id'), descending=True), name='payment_by_third_party'), models.Index(models.F('customer_id'), models.OrderBy(models.F('id'), descending=True), name='payment_by_customer'), models.Index(models.F('debtor_account_id'), models.OrderBy(models.F('id'), descending=True), name='payment_by_debtor_account')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ('ACCC', 'ACCP', 'ACFC', 'ACSC', 'ACSP', 'ACTC', 'ACWC', 'ACWP', 'BLCK', 'PATC', 'PDNG', 'RCVD', 'RJCT'))), name='payment_status_is_known'), models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='payment_amount_is_positive')],
            },
        ),
    ]
