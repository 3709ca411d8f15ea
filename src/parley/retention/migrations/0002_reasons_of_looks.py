import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="heldlook",
            name="hold",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="looks", to="retention.hold"
            ),
        ),
        migrations.AddField(
            model_name="heldlook",
            name="epoch",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="retention.sealingepoch"
            ),
        ),
        migrations.AddField(model_name="heldlook", name="reason", field=models.BinaryField(default=b"")),
    ]
