from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="export", name="export_reason"),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", ("subject", "everything", "records", "discovery"))),
                name="export_reason",
            ),
        ),
    ]
