import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0012_consent"),
    ]

    operations = [
        migrations.AddField(
            model_name="sealingepoch",
            name="under",
            field=models.UUIDField(null=True),
        ),
        migrations.CreateModel(
            name="Resealed",
            fields=[
                (
                    "recording",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="resealed",
                        serialize=False,
                        to="recordings.recording",
                    ),
                ),
                ("times", models.PositiveIntegerField()),
                ("renditions", models.PositiveIntegerField(default=0)),
                ("under", models.UUIDField(db_index=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("times__gt", 0), ("renditions__lte", models.F("times"))),
                        name="resealed_times",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Resealing",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("under", models.UUIDField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("total", models.IntegerField()),
                ("done", models.IntegerField(default=0)),
                ("refused", models.JSONField(default=dict)),
                ("after_at", models.DateTimeField(null=True)),
                ("after_id", models.UUIDField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("stopped", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)), fields=("under",), name="resealing_one_runs"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("after_at__isnull", True), ("after_id__isnull", True)),
                            models.Q(("after_at__isnull", False), ("after_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="resealing_place",
                    ),
                ],
            },
        ),
    ]
