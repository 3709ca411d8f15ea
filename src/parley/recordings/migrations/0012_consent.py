from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0011_live_remarks"),
    ]

    operations = [
        migrations.CreateModel(
            name="LiveTold",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("recording_id", models.UUIDField(db_index=True)),
                ("told", models.JSONField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="callwish",
            name="wish_deed",
        ),
        migrations.AddField(
            model_name="livecall",
            name="steering",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="recording",
            name="consent",
            field=models.CharField(db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="recording",
            name="told",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="recordingpolicy",
            name="consent",
            field=models.CharField(default="not-needed", max_length=10),
        ),
        migrations.AddField(
            model_name="recordingpolicy",
            name="notice",
            field=models.CharField(default="none", max_length=12),
        ),
        migrations.AddConstraint(
            model_name="callwish",
            constraint=models.CheckConstraint(
                condition=models.Q(("deed__in", ["pause", "resume", "start", "keep", "stop", "permit"])),
                name="wish_deed",
            ),
        ),
        migrations.AddConstraint(
            model_name="recording",
            constraint=models.CheckConstraint(
                condition=models.Q(("consent__in", ["", "not-asked", "asked", "given", "refused", "withdrawn"])),
                name="recording_consent",
            ),
        ),
        migrations.AddConstraint(
            model_name="recordingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice__in", ["none", "tone", "announcement"])), name="policy_notice"
            ),
        ),
        migrations.AddConstraint(
            model_name="recordingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("consent__in", ["not-needed", "wanted", "needed"])), name="policy_consent"
            ),
        ),
    ]
