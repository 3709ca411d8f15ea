"""Deeds with many recordings at once."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0006_listening"),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkDeed",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100, unique=True)),
                ("deed", models.CharField(max_length=8)),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("recordings", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("value", models.BinaryField()),
                ("sealed", models.BinaryField()),
                ("done", models.IntegerField()),
                ("kept", models.JSONField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "epoch",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="recordings.sealingepoch",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("deed__in", ["tag", "delete"])), name="bulk_deed")
                ],
            },
        ),
    ]
