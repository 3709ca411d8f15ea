"""The objection list is read newest first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_paths")]

    operations = [
        migrations.AddIndex(model_name="objection", index=models.Index(fields=["-at", "-id"], name="objection_newest")),
    ]
