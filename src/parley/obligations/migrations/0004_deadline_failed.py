"""Work that failed for good is counted without reading what was ever done."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("obligations", "0003_states_and_progress")]

    operations = [
        migrations.AddIndex(
            model_name="deadline",
            index=models.Index(condition=models.Q(failed_at__isnull=False), fields=["kind"], name="deadline_failed"),
        ),
    ]
