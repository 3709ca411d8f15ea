"""An export after the end that the customer's reseller asked for is told apart."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0002_codes"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="return",
            name="departure_return_channel",
        ),
        migrations.AddConstraint(
            model_name="return",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["page", "console", "e-mail", "reseller", "choice"])),
                name="departure_return_channel",
            ),
        ),
    ]
