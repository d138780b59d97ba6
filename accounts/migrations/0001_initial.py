import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Balance',
            fields=[
                ('source_version', models.BigIntegerField()),
                ('as_of', models.DateTimeField()),
                ('account_id', models.UUIDField(primary_key=True, serialize=False)),
                ('currency', models.CharField(max_length=3)),
                ('booked_minor', models.BigIntegerField()),
                ('available_minor', models.BigIntegerField()),
                ('credit_limit_minor', models.BigIntegerField(null=True)),
                ('document', models.TextField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Party',
            fields=[
                ('source_version', models.BigIntegerField()),
                ('as_of', models.DateTimeField()),
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('customer_reference', models.TextField()),
                ('kind', models.TextField()),
                ('full_name', models.TextField()),
                ('email', models.TextField(null=True)),
                ('phone', models.TextField(null=True)),
                ('address_lines', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('post_code', models.TextField()),
                ('town', models.TextField()),
                ('country', models.TextField()),
            ],
            options={
                'verbose_name_plural': 'parties',
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('source_version', models.BigIntegerField()),
                ('as_of', models.DateTimeField()),
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('sort_code', models.CharField(max_length=6)),
                ('account_number', models.CharField(max_length=8)),
                ('iban', models.TextField(null=True)),
                ('pan_last_four', models.CharField(blank=True, max_length=4)),
                ('currency', models.CharField(max_length=3)),
                ('kind', models.TextField()),
                ('product_name', models.TextField()),
                ('nickname', models.TextField(null=True)),
                ('holder_name', models.TextField()),
                ('status', models.TextField()),
                ('opened_date', models.DateField()),
                ('closed_date', models.DateField(null=True)),
                ('document_basic', models.TextField()),
                ('document_detail', models.TextField()),
                ('document_detail_pan', models.TextField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['sort_code', 'account_number'], name='account_by_number'), models.Index(condition=models.Q(('iban__isnull', False)), fields=['iban'], name='account_by_iban')],
            },
        ),
        migrations.CreateModel(
            name='Holder',
            fields=[
                ('source_version', models.BigIntegerField()),
                ('as_of', models.DateTimeField()),
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('party_id', models.UUIDField()),
                ('account_id', models.UUIDField()),
                ('role', models.TextField()),
                ('is_ended', models.BooleanField()),
            ],
            options={
                'indexes': [models.Index(fields=['party_id', 'account_id'], name='holder_by_party'), models.Index(fields=['account_id'], name='holder_by_account')],
            },
        ),
        migrations.CreateModel(
            name='PendingTransaction',
            fields=[
                ('source_version', models.BigIntegerField()),
                ('as_of', models.DateTimeField()),
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('account_id', models.UUIDField()),
                ('source_ref', models.TextField()),
                ('direction', models.TextField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('booked_at', models.DateTimeField()),
                ('value_at', models.DateTimeField()),
                ('kind_code', models.TextField()),
                ('description', models.TextField()),
                ('balance_after_minor', models.BigIntegerField(null=True)),
                ('payment_id', models.UUIDField(null=True)),
                ('document_basic', models.TextField()),
                ('document_detail', models.TextField()),
                ('document_detail_pan', models.TextField(null=True)),
            ],
            options={
                'indexes': [models.Index(models.F('account_id'), models.OrderBy(models.F('booked_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='pending_by_booking')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor__gte', 0)), name='pending_amount_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Transaction',
            fields=[
                ('source_version', models.BigIntegerField()),
                ('as_of', models.DateTimeField()),
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('account_id', models.UUIDField()),
                ('source_ref', models.TextField()),
                ('direction', models.TextField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('booked_at', models.DateTimeField()),
                ('value_at', models.DateTimeField()),
                ('kind_code', models.TextField()),
                ('description', models.TextField()),
                ('balance_after_minor', models.BigIntegerField(null=True)),
                ('payment_id', models.UUIDField(null=True)),
                ('document_basic', models.TextField()),
                ('document_detail', models.TextField()),
                ('document_detail_pan', models.TextField(null=True)),
            ],
            options={
                'indexes': [models.Index(models.F('account_id'), models.OrderBy(models.F('booked_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='transaction_by_booking'), models.Index(models.F('account_id'), models.OrderBy(models.F('booked_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('direction', 'credit')), name='transaction_credits_by_booking')],
                'constraints': [models.UniqueConstraint(fields=('account_id', 'source_ref'), name='transaction_known_once_to_the_core'), models.CheckConstraint(condition=models.Q(('amount_minor__gte', 0)), name='transaction_amount_not_negative')],
            },
        ),
    ]
