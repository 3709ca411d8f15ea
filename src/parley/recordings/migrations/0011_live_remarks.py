import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0010_on_hold"),
    ]

    operations = [
        migrations.AddField(
            model_name="livecall",
            name="over_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="note",
            name="instant",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="tag",
            name="instant",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="LiveRemark",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("recording_id", models.UUIDField(db_index=True)),
                ("instant", models.DateTimeField(null=True)),
                ("value", models.BinaryField(null=True)),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(), default=list, size=None),
                ),
                ("sealed", models.BinaryField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "epoch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="recordings.sealingepoch",
                    ),
                ),
            ],
        ),
    ]
