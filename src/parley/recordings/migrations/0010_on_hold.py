from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0009_steering"),
    ]

    operations = [
        migrations.AddField(
            model_name="recording",
            name="on_hold",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="recording",
            name="sound_starts_at",
            field=models.DateTimeField(null=True),
        ),
    ]
