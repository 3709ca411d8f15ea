"""Deletion by a person, with a second one who approves."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0003_notes"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeletionRule",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("store", models.CharField(max_length=64)),
                ("second", models.BooleanField()),
                ("days", models.PositiveSmallIntegerField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("evidence_id", models.UUIDField()),
            ],
            options={
                "indexes": [models.Index(fields=["store", "-id"], name="deletion_rule_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 1), ("days__lte", 90)), name="deletion_rule_days"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DeletionRequest",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=100, unique=True)),
                ("store", models.CharField(max_length=64)),
                ("records", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("why", models.BinaryField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("state", models.CharField(max_length=9)),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "epoch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="retention.sealingepoch"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["store", "at"], name="deletion_waiting"
                    ),
                    models.Index(fields=["store", "-at", "-id"], name="deletion_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("waiting", "approved", "refused", "withdrawn", "expired"))),
                        name="deletion_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["approved", "refused"]), _negated=True),
                            models.Q(
                                ("decided_by__isnull", False), models.Q(("decided_by", models.F("by")), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="deletion_decided_by_another",
                    ),
                ],
            },
        ),
    ]
