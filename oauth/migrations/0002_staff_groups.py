from django.db import migrations

GROUPS = ("support", "compliance", "operator", "auditor")


def make_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in GROUPS:
        group.objects.using(schema_editor.connection.alias).get_or_create(name=name)


def remove_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    group.objects.using(schema_editor.connection.alias).filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    """The four groups of the bank's staff; what each may see and do is said by every page of the staff site."""

    dependencies = [("oauth", "0001_initial")]

    operations = [migrations.RunPython(make_groups, remove_groups)]
