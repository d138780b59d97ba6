from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("third_party_id", models.UUIDField()),
                ("operation", models.CharField(max_length=60)),
                ("key", models.CharField(max_length=128)),
                ("body_hash", models.BinaryField(max_length=32)),
                ("resource_id", models.UUIDField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "edge_idempotency",
                "indexes": [models.Index(fields=["created_at"], name="edge_idempotency_created_at")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("third_party_id", "operation", "key"), name="idempotency_key_names_one_resource"
                    )
                ],
            },
        ),
    ]
